import { z } from 'zod';
import { openedOnce } from '../domain/opened_once.ts';
import type { Answer, CallContext, Handler, Tool } from './contract.ts';

/** A contract and the handler that fulfils it. */
export type ServedTool<Repos> = {
  readonly tool: Tool<z.ZodObject, z.ZodObject>;
  /** `never`: only the pipeline calls it, with arguments the tool's own schema has read. */
  readonly handler: (args: never, context: CallContext<Repos>) => Promise<Answer>;
};

/** Pairs a contract with its handler; the compiler checks that they fit. */
export function serve<Input extends z.ZodObject, Output extends z.ZodObject, Repos>(
  tool: Tool<Input, Output>,
  handler: Handler<Tool<Input, Output>, Repos>,
): ServedTool<Repos> {
  return { tool, handler };
}

/** The same with a handler that is loaded when first called: a host that only looks at the tools does not wait for it. */
export function serveLater<Input extends z.ZodObject, Output extends z.ZodObject, Repos>(
  tool: Tool<Input, Output>,
  load: () => Promise<Handler<Tool<Input, Output>, Repos>>,
): ServedTool<Repos> {
  const handler = openedOnce(load);
  return serve<Input, Output, Repos>(tool, async (args, context) => (await handler())(args, context));
}

/** The argument every tool has beside its own. */
const Fresh = z.boolean().optional().describe('true: skip the cache');

/** The input schema of a tool as hosts see it and calls are read by: strict, with `fresh`. */
export function inputSchemaOf(tool: Tool): z.ZodObject {
  return tool.input.safeExtend({ fresh: Fresh }).strict();
}
