import type { NextCall, ToolError } from '../domain/tool_error.ts';
import type { Answer, AnsweredCampaign, AnsweredPeriod } from './contract.ts';
import type { StructuredAnswer } from './define_tool.ts';

/** What a call returns to its host: the same facts as text and as data. */
export type ToolResult = {
  readonly content: [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent: Readonly<Record<string, unknown>>;
  readonly isError?: true;
};

/** What the pipeline knows of an answer beside the answer itself. */
export type AnswerCircumstances = {
  readonly dataAsOf: Readonly<Record<string, string>>;
  readonly cache: { readonly hit: boolean; readonly ageSeconds: number };
  /** Warnings about the data's freshness, after the handler's own. */
  readonly warnings: readonly string[];
};

/** Puts an answer into its envelope, as data. */
export function structuredAnswer(answer: Answer, { dataAsOf, cache, warnings }: AnswerCircumstances): StructuredAnswer {
  return {
    data: answer.data,
    ...(answer.campaign === undefined ? {} : { campaign: answer.campaign }),
    ...(answer.period === undefined ? {} : { period: answer.period }),
    ...(answer.previousPeriod === undefined ? {} : { previousPeriod: answer.previousPeriod }),
    dataAsOf,
    cache,
    ...(answer.page === undefined ? {} : { page: answer.page }),
    warnings: [...(answer.warnings ?? []), ...warnings],
    next: (answer.next ?? []).map(({ tool, arguments: args, why }) => ({ tool, arguments: args, why })),
  };
}

/** The envelope as text around the answer's own: one line a fact. */
export function answerText(answer: Answer, structured: StructuredAnswer): string {
  const sources = Object.entries(structured.dataAsOf).map(([source, time]) => `${source} ${time}`);
  return [
    ...(answer.campaign === undefined ? [] : [campaignLine(answer.campaign)]),
    ...(answer.period === undefined ? [] : [periodLine(answer.period, answer.previousPeriod)]),
    answer.text,
    ...(answer.page === undefined ? [] : [pageLine(answer.page)]),
    ...structured.warnings.map((warning) => `Warning: ${warning}`),
    ...structured.next.map(nextLine),
    ...(sources.length === 0 ? [] : [`Data as of: ${sources.join(', ')}`]),
    ...(structured.cache.hit ? [`From the cache, ${structured.cache.ageSeconds} s old.`] : []),
  ].join('\n');
}

/** A failed call as its host sees it. */
export function errorResult(error: ToolError, correlationId: string): ToolResult {
  const retry = error.retryAfterSeconds;
  const text = [
    `${error.errorClass}: ${error.message}`,
    ...(error.remedy === undefined ? [] : [error.remedy]),
    ...(error.candidates ?? []).map(
      (candidate) =>
        `- ${Object.entries(candidate)
          .map(([key, value]) => `${key}: ${value}`)
          .join(', ')}`,
    ),
    ...error.next.map(nextLine),
    ...(retry === undefined ? [] : [`Try again in ${retry} s.`]),
    `Correlation id: ${correlationId}`,
  ].join('\n');
  return {
    isError: true,
    content: [{ type: 'text', text }],
    structuredContent: {
      error: {
        class: error.errorClass,
        message: error.message,
        ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
        ...(error.candidates === undefined ? {} : { candidates: error.candidates }),
        ...(error.next.length === 0 ? {} : { next: error.next }),
        ...(retry === undefined ? {} : { retryAfterSeconds: retry }),
        correlationId,
      },
    },
  };
}

function campaignLine(campaign: AnsweredCampaign): string {
  const { name, campaignId, clientName, clientId, status, startDate, endDate, matchedBy } = campaign;
  return `Campaign: ${name} (${campaignId}) of ${clientName} (${clientId}), ${status}, ${startDate} to ${endDate}; found by ${matchedBy}`;
}

function periodLine(period: AnsweredPeriod, previous: Answer['previousPeriod']): string {
  const { from, to, timeZone, today, readAs } = period;
  const before = previous === undefined ? '' : `; compared with ${previous.from} to ${previous.to}`;
  return `Period: ${from} to ${to} (${readAs}; today ${today}, ${timeZone})${before}`;
}

function pageLine({ returned, total, nextCursor }: NonNullable<Answer['page']>): string {
  return `Shown: ${returned} of ${total}${nextCursor === null ? '' : `; for more, cursor "${nextCursor}"`}`;
}

function nextLine({ tool, arguments: args, why }: NextCall): string {
  return `Next: ${tool} ${JSON.stringify(args)}: ${why}`;
}
