import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { contentGenerator } from '../../mcp-servers/content_generator/index.ts';
import { localCaller } from '../../shared/access/local_caller.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { build } from '../../shared/config/version.ts';
import type { AnsweredCampaign } from '../../shared/domain/campaign.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { resolveCampaign } from '../../shared/domain/entity_resolution.ts';
import { decimal, formatCount, formatUsd, sum } from '../../shared/domain/money.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import { type Connections, openConnections, withLocated } from '../../shared/mcp/connections.ts';
import { locateAddresses } from '../../shared/mcp/locate_addresses.ts';
import type { Pipeline } from '../../shared/mcp/pipeline.ts';
import { serverPipeline } from '../../shared/mcp/server_pipeline.ts';
import { errorCode } from '../../shared/stack/stack_error.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';
import { agrees } from '../agrees.ts';
import { type AskTool, failureText } from '../generate/generate_segment.ts';
import { type Look, lookAtSegment } from '../generate/look_at_segment.ts';
import { openResultsFile, type ResultsFile } from '../generate/results_file.ts';
import { queueIn, type RunEnd, runSegments, type Segment, type Settled } from '../generate/run_segments.ts';
import { segmentId } from '../generate/segment_request.ts';
import { type BadLine, readSegmentsFile, type SegmentsFile, whyText } from '../generate/segments_file.ts';
import { showLinesDone } from '../generate/show_lines_done.ts';

export type GenerateOptions = {
  readonly file: string;
  /** Left out: beside the file, segments.csv → segments.results.csv. */
  readonly out?: string | undefined;
  readonly concurrency: number;
  readonly priority?: 'high' | 'normal' | 'low' | undefined;
  readonly yes?: boolean | undefined;
  /** US dollars as decimal text. */
  readonly maxCost?: string | undefined;
  readonly skipBad?: boolean | undefined;
  readonly retryFailed?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** Exit codes of the command, as GENERATE_HELP tells them. */
const EXIT = { done: 0, other: 1, wrongUse: 2, someFailed: 3, notSetUp: 4, notAgreed: 5, maxCost: 6, redisAway: 7, stopped: 130 } as const;

/** Segments looked at together before the start. */
const LOOKS_AT_ONCE = 4;

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * `promptsales generate --file segments.csv`: has messages written for many populations, through queue:ai_generation, and writes them to a
 * results file. Returns the exit code, see GENERATE_HELP.
 */
export async function runGenerate(options: GenerateOptions, settings: Settings): Promise<number> {
  const { textModel, apiKey, baseUrl } = settings.ai;
  if (textModel === undefined || (apiKey === undefined && baseUrl === undefined)) {
    tell('No text model is configured, so nothing can be written.');
    tell('Set PROMPTSALES_TEXT_MODEL, and OPENAI_API_KEY or the OPENAI_BASE_URL of another service.');
    return EXIT.notSetUp;
  }
  const path = resolve(options.file);
  const read = await readSegments(path);
  if (read === undefined) return EXIT.wrongUse;
  if (read.unread.length > 0) tell(`Columns that are not read: ${read.unread.join(', ')}`);

  const located = await locateAddresses(settings, (message) => process.stderr.isTTY && process.stderr.write(`\r\u001B[2K${message}`));
  const connections = await openConnections(located.addresses, {
    name: 'generate',
    deadlineMs: settings.deadlineMs,
    maxConnections: options.concurrency + LOOKS_AT_ONCE,
  });
  const found = withLocated(settings, located);
  const stop = new AbortController();
  const stopNow = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) stopNow.abort();
    else tell('Stopping: what is under way is finished first. Once more to stop at once.');
    stop.abort(new ToolError('unavailable', 'The command was stopped.'));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  let results: ResultsFile | undefined;
  const parts = await openParts(connections, found);
  try {
    const redis = await queueIn(connections.redis);
    if (redis === undefined) {
      tell('Redis does not answer, and the queue is in it: nothing was begun.');
      tell('Set REDIS_URL to a Redis that runs; `promptsales status` shows which part is down.');
      return EXIT.notSetUp;
    }
    const named = await nameSegments(read, connections, found);
    const out = options.out === undefined ? join(parse(path).dir, `${parse(path).name}.results.csv`) : resolve(options.out);
    if (!isToGoOn(named.bad, options)) return EXIT.wrongUse;
    results = await openResultsFile(out, { dropFailed: options.retryFailed === true });
    const open = results;
    const todo = named.segments.filter(({ id }) => !open.known.has(id));
    const { plans, written, bad } = await lookAt(todo, parts.look, stop.signal);
    if (!isToGoOn(bad, options)) return EXIT.wrongUse;
    if (!(await isAgreed(plans, found.ai.costConfirmUsd, options))) return EXIT.notAgreed;

    const tally = newTally(named.segments.filter(({ id }) => open.known.get(id) === 'failed').length);
    const display = showLinesDone(process.stderr, 'generate', todo.length - bad.length);
    const settled = async (one: Settled): Promise<void> => {
      await open.append({ id: one.segment.id, line: one.segment.line, outcome: one.outcome });
      count(tally, one);
      display.show(tally.done, `${tally.failedNow === 0 ? '' : `${tally.failedNow} failed, `}${formatUsd(tally.costUsd, 6)}`);
    };
    let end: RunEnd;
    try {
      for (const one of written) await settled({ ...one, earlier: true });
      end = await runSegments(
        plans,
        { redis, ask: parts.work, settled },
        {
          concurrency: options.concurrency,
          priority: options.priority,
          retryFailed: options.retryFailed === true,
          maxCostUsd: options.maxCost,
          stop: stop.signal,
          stopNow: stopNow.signal,
        },
      );
    } finally {
      display.end();
    }
    const badLines = named.bad.length + bad.length;
    const summary = {
      ended: end,
      lines: named.segments.length + named.twice + named.bad.length,
      repeated: named.twice,
      bad: badLines,
      earlier: named.segments.length - todo.length,
      written: tally.written,
      fromCache: tally.fromCache,
      failed: tally.failedNow,
      failedEarlier: tally.failedBefore,
      left: todo.length - bad.length - tally.done,
      tokens: tally.tokens,
      costUsd: decimal(tally.costUsd).toFixed(),
      costKnown: tally.costKnown,
      results: out,
    };
    process.stdout.write(`${options.json === true ? JSON.stringify(summary) : summaryText(summary)}\n`);
    return exitCode(end, tally.failedNow + tally.failedBefore + badLines);
  } catch (error) {
    if (stop.signal.aborted && (error === stop.signal.reason || (error instanceof Error && error.name === 'AbortError'))) {
      tell('Stopped; the same command again goes on.');
      return EXIT.stopped;
    }
    if (!(error instanceof ToolError)) throw error;
    tell(whyText(error));
    return EXIT.other;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await results?.close();
    await parts.close();
    await connections.close();
  }
}

async function readSegments(path: string): Promise<SegmentsFile | undefined> {
  try {
    return readSegmentsFile(await readFile(path));
  } catch (error) {
    if (error instanceof ToolError) tell(`${path}: ${whyText(error)}`);
    else if (errorCode(error) !== undefined) tell(`${path} cannot be read (${errorCode(error)}).`);
    else throw error;
    return undefined;
  }
}

/** The tool for looking, which asks for consent whatever it costs, and for working; both as any caller has it: limits, accounts, records. */
async function openParts(connections: Connections, settings: Settings) {
  const logger = await createLogger({ level: settings.logLevel === 'info' ? 'warn' : settings.logLevel, name: 'generate' });
  const metrics = new CallMetrics();
  // Plans are given and confirmed within this process: a key of its own does where none is set.
  const planned = { ...settings, planKey: settings.planKey ?? randomBytes(32) };
  const careful = { ...planned, ai: { ...planned.ai, costConfirmUsd: '-1' } };
  const caller = localCaller(settings, 'promptsales-generate');
  const [looking, working] = [careful, planned].map((own) =>
    serverPipeline(contentGenerator, connections, { settings: own, version: build, metrics, logger }),
  );
  const asker =
    (pipeline: Pipeline | undefined): AskTool =>
    async (tool, args, signal) => {
      if (pipeline === undefined) throw new Error('there is no pipeline');
      return (await pipeline.call(tool, args, caller, { signal })).result;
    };
  return {
    look: asker(looking),
    work: asker(working),
    close: async () => {
      await Promise.all([looking?.close(), working?.close()]);
    },
  };
}

/** The lines with their campaigns, each request once, and those whose campaign there is not. */
async function nameSegments({ lines, bad }: SegmentsFile, { hub }: Connections, settings: Settings) {
  const campaigns = openCampaigns(hub);
  const known = new Map<string, Promise<AnsweredCampaign>>();
  const segments = new Map<string, Omit<Segment, 'mostCostUsd'>>();
  const unknown: BadLine[] = [];
  let twice = 0;
  for (const { line, campaign, request } of lines) {
    try {
      const asked = known.get(campaign) ?? resolveCampaign(campaigns, campaign, deadlineIn(settings.deadlineMs));
      known.set(campaign, asked);
      const { campaignId, name, clientId } = await asked;
      const id = segmentId(campaignId, request);
      if (segments.has(id)) twice++;
      else segments.set(id, { id, line, campaignId, campaignName: name, clientId, request });
    } catch (error) {
      if (!(error instanceof ToolError) || error.errorClass === 'unavailable' || error.errorClass === 'timeout') throw error;
      unknown.push({ line, why: failureText(error) });
    }
  }
  const inOrder = [...bad, ...unknown].sort((one, other) => one.line - other.line);
  return { segments: [...segments.values()], bad: inOrder, twice };
}

/** Tells of bad lines; whether the others may be begun. */
function isToGoOn(bad: readonly BadLine[], { file, skipBad }: GenerateOptions): boolean {
  for (const { line, why } of bad) tell(`${file}, line ${line}: ${why}`);
  if (bad.length === 0 || skipBad === true) return true;
  tell(`Nothing was started. Mend ${bad.length === 1 ? 'this line' : `these ${bad.length} lines`}, or leave them out with --skip-bad.`);
  return false;
}

/** What each segment may cost, those that are written already, and those that cannot be asked. */
async function lookAt(todo: readonly Omit<Segment, 'mostCostUsd'>[], ask: AskTool, signal: AbortSignal) {
  const looks: { readonly segment: Omit<Segment, 'mostCostUsd'>; readonly look: Look }[] = [];
  const rest = todo.values();
  const display = showLinesDone(process.stderr, 'check', todo.length);
  const worker = async (): Promise<void> => {
    for (const segment of rest) {
      signal.throwIfAborted();
      const look = await lookAtSegment(segment.campaignId, segment.id, segment.request, ask, signal);
      looks.push({ segment, look });
      display.show(looks.length, '');
    }
  };
  try {
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, worker));
  } finally {
    display.end();
  }
  looks.sort((one, other) => one.segment.line - other.segment.line);
  return {
    plans: looks.flatMap(({ segment, look }): Segment[] => (look.found === 'plan' ? [{ ...segment, mostCostUsd: look.mostCostUsd }] : [])),
    written: looks.flatMap(({ segment, look }) =>
      look.found === 'written' ? [{ segment: { ...segment, mostCostUsd: '0' }, outcome: look.outcome }] : [],
    ),
    bad: looks.flatMap(({ segment, look }): BadLine[] => (look.found === 'bad' ? [{ line: segment.line, why: look.why }] : [])),
  };
}

/** Whether so much may be spent: it is little, or somebody says yes. */
async function isAgreed(plans: readonly Segment[], thresholdUsd: string, { yes, maxCost }: GenerateOptions): Promise<boolean> {
  if (plans.length === 0) return true;
  const isKnown = plans.every(({ mostCostUsd }) => mostCostUsd !== null);
  if (!isKnown && maxCost !== undefined) {
    tell('--max-cost cannot be kept: the model has no price in the settings. PROMPTSALES_MODEL_PRICES gives it one.');
    return false;
  }
  const most = sum(plans.map(({ mostCostUsd }) => mostCostUsd ?? '0'));
  const bound = maxCost !== undefined && most.greaterThan(maxCost) ? decimal(maxCost) : most;
  const cost = isKnown ? `at most ${formatUsd(bound, 6)}` : 'an unknown amount: the model has no price in the settings';
  tell(`${formatCount(plans.length)} populations are to be written, for ${cost}.`);
  if ((isKnown && bound.lessThanOrEqualTo(thresholdUsd)) || yes === true) return true;
  if (process.stdin.isTTY && process.stderr.isTTY && (await agrees('Write them?'))) return true;
  tell('Nothing was started: it needs your consent, by answering yes on a terminal or with --yes.');
  return false;
}

/** Counts of a run; cost in US dollars. */
type Tally = {
  done: number;
  written: number;
  fromCache: number;
  failedNow: number;
  readonly failedBefore: number;
  tokens: number;
  costUsd: string;
  costKnown: boolean;
};

function newTally(failedBefore: number): Tally {
  return { done: 0, written: 0, fromCache: 0, failedNow: 0, failedBefore, tokens: 0, costUsd: '0', costKnown: true };
}

function count(tally: Tally, { outcome, earlier }: Settled): void {
  tally.done++;
  if (outcome.status === 'failed') tally.failedNow++;
  else if (earlier || outcome.status === 'kept') tally.fromCache++;
  else tally.written++;
  if (earlier) return;
  tally.tokens += outcome.tokens;
  tally.costUsd = decimal(tally.costUsd).plus(outcome.costUsd).toFixed();
  tally.costKnown &&= outcome.costKnown;
}

type Summary = Omit<Tally, 'done' | 'failedNow' | 'failedBefore'> & {
  readonly ended: RunEnd;
  readonly lines: number;
  readonly repeated: number;
  readonly bad: number;
  readonly earlier: number;
  readonly failed: number;
  readonly failedEarlier: number;
  readonly left: number;
  readonly results: string;
};

const ENDED: Readonly<Record<RunEnd, string>> = {
  done: 'Done.',
  'max cost': 'Stopped: the next line might cost more than is left of --max-cost.',
  stopped: 'Stopped.',
  redis: 'Stopped: Redis has not answered for a minute.',
};

function summaryText(summary: Summary): string {
  const { ended, lines, written, fromCache, failed, failedEarlier, earlier, repeated, bad, left, tokens, costUsd, costKnown } = summary;
  const beside = [
    [earlier, 'in the results file before'],
    [failedEarlier, 'of them failed'],
    [repeated, 'said again what another says'],
    [bad, 'bad'],
    [left, 'left'],
  ] as const;
  const cost = `${formatUsd(costUsd, 6)}${costKnown ? '' : ' and an unknown amount'}`;
  return [
    `${ENDED[ended]} ${formatCount(lines)} lines: ${written} written, ${fromCache} from what was kept, ${failed} failed${beside
      .filter(([number]) => number > 0)
      .map(([number, what]) => `, ${number} ${what}`)
      .join('')}.`,
    `Spent: ${formatCount(tokens)} tokens, ${cost}.`,
    `Results: ${summary.results}`,
    ...(left > 0 ? ['The same command again goes on with what is left.'] : []),
  ].join('\n');
}

function exitCode(end: RunEnd, failed: number): number {
  switch (end) {
    case 'done':
      return failed > 0 ? EXIT.someFailed : EXIT.done;
    case 'max cost':
      return EXIT.maxCost;
    case 'stopped':
      return EXIT.stopped;
    case 'redis':
      return EXIT.redisAway;
  }
}
