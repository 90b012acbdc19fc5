import { randomUUID } from 'node:crypto';
import { ToolError } from '../domain/tool_error.ts';
import type { PipelineLog } from './pipeline.ts';

/** What a host asked for when something went wrong. */
type Asked = 'question' | 'resource' | 'completion';

/** A failure nobody foresaw, as a host may see it: what happened is for the log; the caller gets a number to ask about. */
export function internalError(asked: Asked, cause: unknown, correlationId?: string): ToolError {
  const number = correlationId === undefined ? '' : ` ${correlationId}`;
  return new ToolError('internal', `Something in PromptSales went wrong with this ${asked}.`, {
    remedy: `Try again; if it happens again, report the correlation id${number}.`,
    cause: cause ?? 'nothing was thrown',
  });
}

/** The error as a host may see it: a ToolError as it is; anything else is logged under a correlation id, which the returned error names. */
export function toldError(
  error: unknown,
  {
    asked,
    doing,
    client,
    logger,
  }: { readonly asked: Asked; readonly doing: string; readonly client: string; readonly logger: PipelineLog },
): ToolError {
  if (error instanceof ToolError) return error;
  const correlationId = randomUUID();
  logger.error({ err: error, correlationId, client }, `${doing} failed`);
  return internalError(asked, error, correlationId);
}
