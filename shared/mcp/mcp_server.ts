import {
  type McpServerFactory,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { ToolError } from '../domain/tool_error.ts';
import { type CompletionAnswer, completionOf } from './completion.ts';
import type { Tool } from './contract.ts';
import type { Answered, CallOptions } from './pipeline.ts';
import { completeFromValues, hasCompletions, type Prompt, type PromptCompletionAsk, renderPrompt } from './prompt.ts';
import type { ResourceTemplate } from './resource.ts';
import type { ResourceAnswers, ResourceAsks } from './resources.ts';
import { type ToolDefinition, toolDefinitions } from './tool_definitions.ts';

/** A server as hosts see it. */
export type ServerFace = {
  readonly name: string;
  readonly title: string;
  readonly instructions: string;
  readonly tools: readonly { readonly tool: Tool }[];
  readonly resources?: readonly { readonly template: ResourceTemplate }[] | undefined;
  readonly prompts?: readonly Prompt[] | undefined;
};

/** What answers a call; the client's name is the one its host gave. */
export type AnswerCall = (tool: string, args: unknown, clientName: string | undefined, options: CallOptions) => Promise<Answered>;

/** What answers a question about resources; throws ToolError. */
export type AnswerResource = <Kind extends keyof ResourceAsks>(
  kind: Kind,
  ask: ResourceAsks[Kind],
  clientName: string | undefined,
  options: CallOptions,
) => Promise<ResourceAnswers[Kind]>;

/** What completes an argument of a prompt from a database; throws ToolError. */
export type AnswerCompletion = (
  ask: PromptCompletionAsk,
  clientName: string | undefined,
  options: CallOptions,
) => Promise<CompletionAnswer>;

/** What stands behind a face. */
export type FaceAnswers = {
  /** Also under the other names of a tool, which are not listed. */
  readonly answerCall: AnswerCall;
  /** For a server that has resources. */
  readonly answerResource?: AnswerResource | undefined;
  /** For a server that has prompts with arguments to complete from a database. */
  readonly answerCompletion?: AnswerCompletion | undefined;
  /** The tools' definitions, where a bundle has them ready. */
  readonly definitions?: readonly ToolDefinition[] | undefined;
};

/** Hosts may keep the list of tools this long: it changes with a release only. */
const LIST_TTL_MS = 300_000;

const LIST_HINT = { ttlMs: LIST_TTL_MS, cacheScope: 'public' } as const;

const CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';

/**
 * A factory of protocol servers for hosts of the 2026-07-28 revision and of those of 2025. The SDK asks for one a request (HTTP) or a
 * connection (stdio), so all that costs is made once, here.
 *
 * The low-level Server leaves arguments alone. McpServer would check them itself and answer without our error classes.
 */
export function mcpServerFactory(
  face: ServerFace,
  version: string,
  { answerCall, answerResource, answerCompletion, definitions: known }: FaceAnswers,
): McpServerFactory {
  const { name, title, instructions, prompts = [] } = face;
  const completes = answerResource !== undefined || hasCompletions(prompts);
  const capabilities = {
    tools: {},
    ...(answerResource === undefined ? {} : { resources: {} }),
    ...(prompts.length === 0 ? {} : { prompts: {} }),
    ...(completes ? { completions: {} } : {}),
  };
  // Made when first asked for, unless the bundle brings them: a call over HTTP never needs them.
  let definitions = known;
  return () => {
    const server = new Server(
      { name, title, version },
      {
        capabilities,
        instructions,
        cacheHints: { 'tools/list': LIST_HINT, 'resources/templates/list': LIST_HINT, 'prompts/list': LIST_HINT },
      },
    );
    server.setRequestHandler('tools/list', async () => {
      definitions ??= toolDefinitions(face.tools.map(({ tool }) => tool));
      return { tools: definitions.map((tool) => ({ ...tool })) };
    });
    server.setRequestHandler('tools/call', async ({ params }, { mcpReq, http }) => {
      const clientName = nameIn(mcpReq.envelope) ?? server.getClientVersion()?.name;
      const token = mcpReq._meta?.progressToken;
      const { result } = await answerCall(params.name, params.arguments, clientName, {
        signal: mcpReq.signal,
        requestId: http?.req?.headers.get('x-request-id') ?? undefined,
        ...(token === undefined ? {} : { progress: progressTo(token, (notification) => mcpReq.notify(notification)) }),
      });
      return { ...result, content: [...result.content] };
    });
    if (answerResource !== undefined) serveResources(server, face.resources ?? [], answerResource);
    if (prompts.length > 0) servePrompts(server, prompts);
    if (completes) serveCompletions(server, prompts, answerResource, answerCompletion);
    return server;
  };
}

/** Puts the resources of a server into the protocol. What goes wrong is a JSON-RPC error that says what would be right. */
function serveResources(server: Server, served: NonNullable<ServerFace['resources']>, answer: AnswerResource): void {
  server.setRequestHandler('resources/templates/list', async () => ({
    resourceTemplates: served.map(({ template: { scopes: _, ...shown } }) => shown),
  }));
  server.setRequestHandler('resources/list', ({ params }, context) =>
    asking(server, context, (client, options) => answer('list', { cursor: params?.cursor }, client, options)),
  );
  server.setRequestHandler('resources/read', ({ params: { uri } }, context) =>
    asking(server, context, (client, options) => answer('read', { uri }, client, options), uri),
  );
}

/** Prompts are texts of ours with the host's own words in them: listing and filling them in asks nobody. */
function servePrompts(server: Server, prompts: readonly Prompt[]): void {
  const listed = prompts.map(({ name, title, description, arguments: args }) => ({
    name,
    title,
    description,
    arguments: args.map(({ name: argument, description: about, required }) => ({ name: argument, description: about, required })),
  }));
  server.setRequestHandler('prompts/list', async () => ({ prompts: listed }));
  server.setRequestHandler('prompts/get', async ({ params: { name, arguments: args = {} } }) => {
    const prompt = prompts.find((one) => one.name === name);
    if (prompt === undefined) {
      const names = prompts.map((one) => one.name).join(', ');
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt '${name.slice(0, 100)}'. Prompts are: ${names}.`);
    }
    try {
      const messages = await renderPrompt(prompt, args);
      return {
        description: prompt.description,
        messages: messages.map(({ role, text }) => ({ role, content: { type: 'text' as const, text } })),
      };
    } catch (error) {
      throw protocolError(error, undefined);
    }
  });
}

function serveCompletions(
  server: Server,
  prompts: readonly Prompt[],
  answerResource: AnswerResource | undefined,
  answerCompletion: AnswerCompletion | undefined,
): void {
  const nothing = completionOf([]);
  server.setRequestHandler('completion/complete', async ({ params: { ref, argument } }, context) => {
    const typed = argument.value;
    if (ref.type === 'ref/resource') {
      if (answerResource === undefined) return nothing;
      const ask = { uriTemplate: ref.uri, variable: argument.name, typed };
      return asking(server, context, (client, options) => answerResource('complete', ask, client, options));
    }
    if (!prompts.some(({ name }) => name === ref.name)) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt '${ref.name.slice(0, 100)}' to complete.`);
    }
    const ask = { prompt: ref.name, argument: argument.name, typed };
    const known = completeFromValues(prompts, ask);
    if (known !== undefined) return known;
    if (answerCompletion === undefined) return nothing;
    return asking(server, context, (client, options) => answerCompletion(ask, client, options));
  });
}

/** Asks with who asks and how long it is wanted; a refusal is told as the protocol tells it. */
async function asking<T>(
  server: Server,
  { mcpReq, http }: ServerContext,
  ask: (clientName: string | undefined, options: CallOptions) => Promise<T>,
  uri?: string,
): Promise<T> {
  try {
    return await ask(nameIn(mcpReq.envelope) ?? server.getClientVersion()?.name, {
      signal: mcpReq.signal,
      requestId: http?.req?.headers.get('x-request-id') ?? undefined,
    });
  } catch (error) {
    throw protocolError(error, uri);
  }
}

/** A failed question as JSON-RPC tells it. */
function protocolError(error: unknown, uri: string | undefined): unknown {
  if (!(error instanceof ToolError)) return error;
  const { errorClass, message, remedy, retryAfterSeconds } = error;
  const text = remedy === undefined ? message : `${message} ${remedy}`;
  if (errorClass === 'not_found' && uri !== undefined) return new ResourceNotFoundError(uri, text);
  const code =
    errorClass === 'invalid_input'
      ? ProtocolErrorCode.InvalidParams
      : errorClass === 'forbidden'
        ? ProtocolErrorCode.InvalidRequest
        : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, text, { class: errorClass, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
}

/** The client's name as a 2026-07-28 request carries it; one of 2025 gave it when it connected. */
function nameIn(envelope: object | undefined): string | undefined {
  const info = Object.entries(envelope ?? {}).find(([key]) => key === CLIENT_INFO)?.[1] as unknown;
  return typeof info === 'object' && info !== null && 'name' in info && typeof info.name === 'string' ? info.name : undefined;
}

type ProgressNotification = {
  method: 'notifications/progress';
  params: { progressToken: string | number; progress: number; message: string };
};

/** Progress whose number only says that it grows; the message says what happens. A host that has left is not an error. */
function progressTo(
  progressToken: string | number,
  notify: (notification: ProgressNotification) => Promise<void>,
): (message: string) => void {
  let progress = 0;
  return (message) => {
    progress += 1;
    notify({ method: 'notifications/progress', params: { progressToken, progress, message } }).catch(() => undefined);
  };
}
