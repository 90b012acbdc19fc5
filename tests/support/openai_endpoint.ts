import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as it came. */
export type EndpointRequest = {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: {
    readonly model: string;
    readonly messages?: readonly { readonly role: string; readonly content: string }[];
    readonly response_format?: {
      readonly type: string;
      readonly json_schema: { readonly name: string; readonly strict: boolean; readonly schema: unknown };
    };
    readonly input?: string | readonly string[];
    readonly dimensions?: number;
    readonly encoding_format?: 'float' | 'base64';
    readonly [field: string]: unknown;
  };
};

/** What the service does with a request. `afterMs` is how long it takes to begin. */
export type EndpointAnswer = { readonly afterMs?: number } & (
  | { readonly as: 'written'; readonly value: unknown }
  | { readonly as: 'text'; readonly text: string | null; readonly finishReason?: string; readonly withoutUsage?: boolean }
  | { readonly as: 'refused'; readonly refusal: string }
  | { readonly as: 'no choice' }
  | {
      readonly as: 'error';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly as: 'raw'; readonly body: string; readonly contentType: string }
  | { readonly as: 'usual' }
  /** The connection ends before a byte of the answer, */
  | { readonly as: 'cut' }
  /** within an answer whose length was said, */
  | { readonly as: 'cut midway' }
  /** after some pieces of an answer sent piece by piece. */
  | { readonly as: 'streamed then cut' }
);

/** A service on this machine that speaks OpenAI's protocol: chat completions and embeddings. */
export type OpenAiEndpoint = {
  /** For OPENAI_BASE_URL. */
  readonly url: string;
  readonly requests: readonly EndpointRequest[];
  /** What the next requests get, in turn; those after them get what is usual. */
  readonly script: (...answers: readonly EndpointAnswer[]) => void;
  /** The most requests that were open at once. */
  readonly mostAtOnce: () => number;
  /** Requests that the client ended before they were answered. */
  readonly abandoned: () => number;
  readonly forget: () => void;
  readonly stop: () => Promise<void>;
};

export async function startOpenAiEndpoint(options: {
  /** What chat completions write when nothing is scripted: the JSON of what this gives. */
  readonly writes: (request: EndpointRequest) => unknown;
  /** The one key that is let in; any when absent. */
  readonly key?: string;
}): Promise<OpenAiEndpoint> {
  const requests: EndpointRequest[] = [];
  const script: EndpointAnswer[] = [];
  let open = 0;
  let most = 0;
  let abandoned = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    most = Math.max(most, ++open);
    let finished = false;
    response.once('close', () => {
      open--;
      if (!finished && !response.writableEnded) abandoned++;
    });
    const received = await read(request);
    requests.push(received);
    const answer = script.shift() ?? { as: 'usual' };
    if (answer.afterMs !== undefined) await sleep(answer.afterMs);
    const end = (body: object, status = 200, headers: Readonly<Record<string, string>> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    if (options.key !== undefined && received.authorization !== `Bearer ${options.key}`) {
      const shown = received.authorization?.slice('Bearer '.length) ?? '';
      return end(errorBody(`Incorrect API key provided: ${shown.slice(0, 8)}***${shown.slice(-4)}.`, 'invalid_api_key'), 401);
    }
    const usual = () =>
      received.path.endsWith('/embeddings') ? embeddings(received) : completion(received, JSON.stringify(options.writes(received)));
    switch (answer.as) {
      case 'usual':
        return end(usual());
      case 'written':
        return end(completion(received, JSON.stringify(answer.value)));
      case 'text': {
        const { usage, ...rest } = completion(received, answer.text, answer.finishReason);
        return end(answer.withoutUsage === true ? rest : { ...rest, usage });
      }
      case 'refused':
        return end(completion(received, null, 'stop', answer.refusal));
      case 'no choice':
        return end({ ...completion(received, ''), choices: [] });
      case 'error':
        return end(errorBody(answer.message ?? 'It failed.', answer.code ?? null), answer.status, answer.headers);
      case 'raw':
        response.writeHead(200, { 'content-type': answer.contentType }).end(answer.body);
        return;
      case 'cut':
        finished = true;
        request.socket.destroy();
        return;
      case 'cut midway':
      case 'streamed then cut': {
        finished = true;
        const body = JSON.stringify(usual());
        const length = answer.as === 'cut midway' ? { 'content-length': String(body.length * 2) } : {};
        response.writeHead(200, { 'content-type': 'application/json', ...length });
        for (const piece of [body.slice(0, 20), body.slice(20, 40)]) {
          response.write(piece);
          await sleep(20);
        }
        request.socket.destroy();
      }
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    script: (...answers) => void script.push(...answers),
    mostAtOnce: () => most,
    abandoned: () => abandoned,
    forget: () => {
      requests.length = 0;
      script.length = 0;
      most = 0;
      abandoned = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A vector for a text: the sum of one for each of its words, so that texts with words in common are near each other. Not of unit length. */
export function endpointVector(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    let state = createHash('sha256').update(word).digest().readUInt32LE(0) | 1;
    for (let at = 0; at < dimensions; at++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      vector[at] = (vector[at] ?? 0) + state / 2 ** 31;
    }
  }
  return vector;
}

/** Tokens as this service counts them: characters by four. */
export function endpointTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

async function read(request: IncomingMessage): Promise<EndpointRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { url = '', headers } = request;
  return { path: url, authorization: headers.authorization, headers, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
}

function completion(request: EndpointRequest, content: string | null, finishReason = 'stop', refusal: string | null = null) {
  const promptTokens = endpointTokens((request.body.messages ?? []).map((message) => message.content).join(''));
  const completionTokens = endpointTokens(content ?? refusal ?? '');
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_795_000_000,
    model: request.body.model,
    choices: [{ index: 0, finish_reason: finishReason, message: { role: 'assistant', content, refusal } }],
    usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens },
  };
}

function embeddings({ body }: EndpointRequest) {
  const { input = [], dimensions = 1_536, encoding_format = 'float', model } = body;
  const texts = typeof input === 'string' ? [input] : input;
  const tokens = texts.reduce((sum, text) => sum + endpointTokens(text), 0);
  const data = texts.map((text, index) => {
    const vector = endpointVector(text, dimensions);
    const embedding = encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  // The order is in the index, not in the place.
  return { object: 'list', model, data: data.toReversed(), usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function errorBody(message: string, code: string | null) {
  return { error: { message, type: 'test_error', param: null, code } };
}
