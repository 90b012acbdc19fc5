import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleGetLeadFunnel } from '../../mcp-servers/crm_analyzer/handlers/get_lead_funnel.ts';
import { handleGetLeadMetrics } from '../../mcp-servers/crm_analyzer/handlers/get_lead_metrics.ts';
import type { LeadRepos } from '../../mcp-servers/crm_analyzer/handlers/lead_scope.ts';
import { LEAD_GROUPS, openLeads } from '../../mcp-servers/crm_analyzer/repo/leads.ts';
import type { FunnelStep } from '../../mcp-servers/crm_analyzer/service/lead_funnel.ts';
import type { LeadGroupRow, LeadMetricRow, LeadStageRow, OtherLeads } from '../../mcp-servers/crm_analyzer/service/lead_metrics.ts';
import { getLeadFunnel } from '../../mcp-servers/crm_analyzer/tools/get_lead_funnel.ts';
import { getLeadMetrics } from '../../mcp-servers/crm_analyzer/tools/get_lead_metrics.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import { openClients } from '../../shared/hub/clients.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { query } from '../support/etl_databases.ts';
import { type GeneratedHub, startGeneratedHub, TIME_ZONE, TODAY } from '../support/generated_hub.ts';
import { plainPipeline } from '../support/plain_pipeline.ts';

const SHOWCASE_ID = 'CMP-NAVIDAD-2026';
const STAGES = ['new', 'contacted', 'qualified', 'proposal', 'won'] as const;

/** A lead as the CRM has it; times are milliseconds. */
type Lead = {
  readonly customer: string;
  readonly client: string;
  readonly campaign: string | null;
  readonly channel: string | null;
  readonly source: string;
  readonly industry: string | null;
  readonly region: string;
  readonly stage: string;
  readonly cents: number;
  readonly day: string;
  /** New, contacted, qualified, proposal, and closed. */
  readonly times: readonly [number, number | null, number | null, number | null, number | null];
};

let world: GeneratedHub;
let ask: (tool: string, args: unknown, scopes?: readonly string[]) => Promise<ToolResult>;
let crm: readonly Lead[];
const log: string[] = [];

beforeAll(async () => {
  world = await startGeneratedHub();
  const hub = world.reader;
  const repos: LeadRepos = { campaigns: openCampaigns(hub), clients: openClients(hub), leads: openLeads(hub) };
  const clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const tools = [serve(getLeadMetrics, handleGetLeadMetrics), serve(getLeadFunnel, handleGetLeadFunnel)];
  const pipeline = plainPipeline('crm_analyzer', tools, repos, clock, log);
  ask = async (tool, args, scopes = ['crm:read']) =>
    (await pipeline.call(tool, args, { client: 'tests', role: 'sales', scopes: new Set(scopes) })).result;
  const rows = await query(
    world.sources.crm,
    `SELECT l.customer_id::text AS customer, l.client_id AS client, l.campaign_id AS campaign, l.channel_id AS channel, l.source, u.industry,
            c.country_code || '/' || c.region AS region, l.stage, (l.value_usd * 100)::int AS cents, (l.created_at AT TIME ZONE '${TIME_ZONE}')::date::text AS day,
            ARRAY[l.created_at, l.contacted_at, l.qualified_at, l.proposal_at, l.closed_at] AS times
       FROM crm.leads l JOIN crm.customers u USING (customer_id) JOIN crm.cities c USING (city_id)`,
  );
  crm = rows.map((row) => ({
    ...(row as Omit<Lead, 'times'>),
    times: (row.times as (Date | null)[]).map((time) => time?.getTime() ?? null) as unknown as Lead['times'],
  }));
});
afterAll(async () => {
  await world?.stop();
  expect(log).toEqual([]);
});

type Cohort = { month: string; leads: number | null } & Record<
  'contactedPercent' | 'qualifiedPercent' | 'proposalPercent' | 'convertedPercent',
  readonly number[]
>;
type Data = {
  readonly status: string;
  readonly metrics: readonly LeadMetricRow[];
  readonly stages: readonly LeadStageRow[];
  readonly groups: readonly LeadGroupRow[];
  readonly others: OtherLeads | null;
  readonly smallGroups: number;
  readonly cohorts: readonly Cohort[];
  readonly steps: readonly FunnelStep[];
  readonly worst: string | null;
  readonly leads: number | null;
  readonly won: number | null;
  readonly basis: { readonly leads: number; readonly usualLeads: number };
};
type Whole = {
  readonly period: Record<string, string>;
  readonly previousPeriod?: Record<string, string>;
  readonly warnings: string[];
  readonly next: unknown[];
};

async function answer(tool: string, args: unknown, scopes?: readonly string[]): Promise<{ text: string; whole: Whole; data: Data }> {
  const result = await ask(tool, args, scopes);
  const [{ text }] = result.content;
  expect(result.isError, text).toBeUndefined();
  return { text, whole: result.structuredContent as Whole, data: result.structuredContent.data as Data };
}

async function refusal(tool: string, args: unknown): Promise<{ class: string; message: string }> {
  const result = await ask(tool, args);
  expect(result.isError, result.content[0].text).toBe(true);
  return result.structuredContent.error as { class: string; message: string };
}

const PERSONAL = ['crm:read', 'crm:pii'];
const DAY_MS = 86_400_000;

/** How far a lead got: 0 new … 4 won. */
function reached({ stage, times }: Lead): number {
  if (stage === 'won') return 4;
  const at = STAGES.indexOf(stage as (typeof STAGES)[number]);
  return Math.max(at, times[3] !== null ? 3 : times[2] !== null ? 2 : times[1] !== null ? 1 : 0);
}

const inDays =
  (from: string, to: string) =>
  ({ day }: Lead): boolean =>
    day >= from && day <= to;
const customersOf = (leads: readonly Lead[]): number => new Set(leads.map(({ customer }) => customer)).size;
const tenths = (part: number, whole: number): number | null => (whole === 0 ? null : Math.round((1000 * part) / whole + 1e-9) / 10);

/** What percentile_cont gives, in days with two digits. */
function percentile(spans: readonly number[], share: number): number | null {
  const sorted = [...spans].sort((one, other) => one - other);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  return low === undefined || high === undefined ? null : Number(((low + (high - low) * (at - Math.floor(at))) / DAY_MS).toFixed(2));
}

const spansOf = (leads: readonly Lead[], of: (lead: Lead) => number | null): readonly number[] =>
  leads.map(of).filter((span): span is number => span !== null);

function metricsTruth(leads: readonly Lead[]): Record<string, number | null> {
  const count = (is: (lead: Lead) => boolean): number => leads.filter(is).length;
  const atLeast = (stage: number): number => count((lead) => reached(lead) >= stage);
  const dollars = (is: (lead: Lead) => boolean): number => leads.filter(is).reduce((total, { cents }) => total + cents, 0) / 100;
  const won = count(({ stage }) => stage === 'won');
  const lost = count(({ stage }) => stage === 'lost');
  return {
    leads: leads.length,
    qualified: atLeast(2),
    converted: won,
    lost,
    open: leads.length - won - lost,
    contactedPercent: tenths(atLeast(1), leads.length),
    qualifiedPercent: tenths(atLeast(2), leads.length),
    proposalPercent: tenths(atLeast(3), leads.length),
    convertedPercent: tenths(won, leads.length),
    openValue: dollars(({ stage }) => stage !== 'won' && stage !== 'lost'),
    wonValue: dollars(({ stage }) => stage === 'won'),
    medianDaysToContact: percentile(
      spansOf(leads, ({ times: [created, contacted] }) => (contacted === null ? null : contacted - created)),
      0.5,
    ),
    medianDaysToWin: percentile(
      spansOf(leads, ({ stage, times: [created, , , , closed] }) => (stage === 'won' && closed !== null ? closed - created : null)),
      0.5,
    ),
  };
}

const valuesOf = (rows: readonly LeadMetricRow[], which: 'value' | 'previous'): Record<string, number | null> =>
  Object.fromEntries(rows.map((row) => [row.metric, row[which]]));

/** Percentiles are rounded from binary fractions here and from decimal ones in SQL: a hundredth of a day apart at most. */
function expectFigures(answered: Record<string, number | null>, truth: Record<string, number | null>, about: string): void {
  expect(Object.keys(answered), about).toEqual(Object.keys(truth));
  for (const [metric, value] of Object.entries(truth)) {
    if (value === null || !metric.includes('Days')) expect(answered[metric], `${about} ${metric}`).toBe(value);
    else expect(Math.abs((answered[metric] ?? Number.NaN) - value), `${about} ${metric}`).toBeLessThan(0.0101);
  }
}

const PERIODS = [
  { asked: { period: 'last month' }, from: '2026-10-01', to: '2026-10-31', before: ['2026-09-01', '2026-09-30'] },
  { asked: { startDate: '2026-10-25', endDate: '2026-11-20' }, from: '2026-10-25', to: '2026-11-20', before: ['2026-09-28', '2026-10-24'] },
  { asked: { period: '2025' }, from: '2025-01-01', to: '2025-12-31', before: ['2024-01-01', '2024-12-31'] },
] as const;

describe('get_lead_metrics answers what the CRM says', () => {
  it.each(PERIODS)('all leads from $from to $to, and of the period before', async ({ asked, from, to, before }) => {
    const { data, whole } = await answer('get_lead_metrics', asked);
    expect(whole.previousPeriod).toEqual({ from: before[0], to: before[1] });
    expectFigures(valuesOf(data.metrics, 'value'), metricsTruth(crm.filter(inDays(from, to))), from);
    const earlier = crm.filter(inDays(before[0], before[1]));
    if (customersOf(earlier) >= 5) expectFigures(valuesOf(data.metrics, 'previous'), metricsTruth(earlier), before[0]);
    else expect(data.metrics.every(({ previous }) => previous === null)).toBe(true);
  });

  it('of each client, each source and a campaign', async () => {
    const { from, to } = PERIODS[2];
    const year = crm.filter(inDays(from, to));
    const clients = [...new Set(year.map(({ client }) => client))];
    const sources = [...new Set(year.map(({ source }) => source))];
    for (const [args, own] of [
      ...clients.map((client) => [{ clientName: client }, year.filter((lead) => lead.client === client)] as const),
      ...sources.map((source) => [{ source }, year.filter((lead) => lead.source === source)] as const),
    ]) {
      const { data } = await answer('get_lead_metrics', { period: '2025', ...args }, PERSONAL);
      expectFigures(valuesOf(data.metrics, 'value'), metricsTruth(own), JSON.stringify(args));
    }
    const { data, whole } = await answer('get_lead_metrics', { campaignName: SHOWCASE_ID });
    expect(whole.period.from).toBe('2026-10-20');
    expectFigures(valuesOf(data.metrics, 'value'), metricsTruth(crm.filter(({ campaign }) => campaign === SHOWCASE_ID)), SHOWCASE_ID);
    expect(whole.previousPeriod).toBeUndefined();
  });

  it('days in each stage: of those who left it, by exact percentiles, and how many are still there', async () => {
    const { data } = await answer('get_lead_metrics', { period: '2026' });
    const year = crm.filter(inDays('2026-01-01', TODAY));
    for (const [index, row] of data.stages.entries()) {
      const stays = spansOf(year, ({ times }) => {
        const [entered, left] = [times[index], times.slice(index + 1).find((time) => time !== null)];
        return entered === null || entered === undefined || left === undefined || left === null ? null : left - entered;
      });
      expect(row).toMatchObject({
        stage: STAGES[index],
        left: stays.length,
        stillThere: year.filter(({ stage }) => stage === STAGES[index]).length,
      });
      expect(Math.abs((row.medianDays ?? Number.NaN) - (percentile(stays, 0.5) ?? 0))).toBeLessThan(0.0101);
      expect(Math.abs((row.p90Days ?? Number.NaN) - (percentile(stays, 0.9) ?? 0))).toBeLessThan(0.0101);
    }
  });

  it('cohorts: the leads of each month, followed to today', async () => {
    const { data, text } = await answer('get_lead_metrics', { period: '2026', cohorts: true });
    expect(data.cohorts.map(({ month }) => month)).toEqual(
      Array.from({ length: 11 }, (_, month) => `2026-${String(month + 1).padStart(2, '0')}`),
    );
    for (const cohort of data.cohorts) {
      const own = crm.filter(({ day }) => day.startsWith(cohort.month));
      expect(cohort.leads).toBe(own.length);
      const youngest = Date.parse(new Date(Date.UTC(Number(cohort.month.slice(0, 4)), Number(cohort.month.slice(5)), 0)).toISOString());
      const lived = Math.ceil((Date.parse(TODAY) - youngest) / DAY_MS) - 1;
      for (const [index, stage] of (['contactedPercent', 'qualifiedPercent', 'proposalPercent', 'convertedPercent'] as const).entries()) {
        const ages = Math.min(6, Math.max(0, Math.floor(lived / 30)));
        const expected = Array.from({ length: ages }, (_, age) => {
          const within = own.filter(({ stage: now, times }) => {
            const won = now === 'won' ? times[4] : null;
            const at = [...times.slice(index + 1, 4), won].find((time) => time !== null);
            return at !== undefined && at !== null && at < times[0] + (age + 1) * 30 * DAY_MS;
          });
          return tenths(within.length, own.length);
        });
        expect(cohort[stage], `${cohort.month} ${stage}`).toEqual(expected);
        expect(
          [...cohort[stage]].sort((one, other) => one - other),
          'a share only grows with age',
        ).toEqual(cohort[stage]);
      }
    }
    expect(text).toContain('Cohorts: percent');
  });
});

describe('groups', () => {
  const keyOf: Record<string, (lead: Lead) => string | null> = {
    source: ({ source }) => source,
    campaign: ({ campaign }) => campaign,
    industry: ({ industry }) => industry,
    region: ({ region }) => region,
    channel: ({ channel }) => channel,
    client: ({ client }) => client,
  };
  const groupings = LEAD_GROUPS.filter((group) => group !== 'none');

  it.each(groupings)('by %s, each is what the CRM says, and together they are all leads', async (groupBy) => {
    const { from, to, before } = PERIODS[0];
    const [month, earlier] = [crm.filter(inDays(from, to)), crm.filter(inDays(before[0], before[1]))];
    for (const scopes of [PERSONAL, ['crm:read']]) {
      const { data } = await answer('get_lead_metrics', { period: 'last month', groupBy, limit: 50 }, scopes);
      const all = valuesOf(data.metrics, 'value');
      for (const total of ['leads', 'qualified', 'converted', 'lost', 'open', 'openValue', 'wonValue'] as const) {
        const sum = data.groups.reduce((together, group) => together + group[total], data.others?.[total] ?? 0);
        expect(sum, `${groupBy} ${total}`).toBeCloseTo(all[total] ?? Number.NaN, 2);
      }
      for (const group of data.groups) {
        const own = month.filter((lead) => keyOf[groupBy]?.(lead) === group.key);
        const { leads, qualified, converted, lost, contactedPercent, proposalPercent, openValue, wonValue } = metricsTruth(own);
        expect(group, String(group.key)).toMatchObject({
          leads,
          qualified,
          converted,
          lost,
          contactedPercent,
          proposalPercent,
          openValue,
          wonValue,
        });
        const previous = earlier.filter((lead) => keyOf[groupBy]?.(lead) === group.key);
        if (group.previousLeads !== null) expect(group.previousLeads).toBe(previous.length);
        else expect(scopes).not.toContain('crm:pii');
      }
    }
  });

  it('of fewer than five customers are never told by themselves, nor by subtraction, without crm:pii (S5)', async () => {
    let seenSmall = 0;
    for (const groupBy of groupings) {
      for (const period of ['2026-10', '2026-11-19', '2026-11-16..2026-11-20']) {
        const { data, whole } = await answer('get_lead_metrics', { period, groupBy, limit: 50 });
        const { from = '', to = '' } = whole.period;
        const own = crm.filter(inDays(from, to));
        const shown = new Set(data.groups.map(({ key }) => key));
        for (const { key } of data.groups) {
          expect(customersOf(own.filter((lead) => keyOf[groupBy]?.(lead) === key)), `${groupBy} ${key}`).toBeGreaterThanOrEqual(5);
        }
        const rest = own.filter((lead) => !shown.has(keyOf[groupBy]?.(lead) ?? null));
        if (data.status === 'data' && rest.length > 0) expect(rest.length).toBeGreaterThanOrEqual(5);
        seenSmall += data.smallGroups;
        if (data.smallGroups > 0) expect(whole.warnings.join()).toContain('<5');
        const personal = await answer('get_lead_metrics', { period, groupBy, limit: 50 }, PERSONAL);
        expect(personal.data.smallGroups).toBe(0);
      }
    }
    expect(seenSmall).toBeGreaterThan(10);
  });

  it('lists so many as asked for and sums the others', async () => {
    const { data } = await answer('get_lead_metrics', { period: '2025', groupBy: 'client', limit: 3 });
    expect(data.groups).toHaveLength(3);
    expect(data.groups.map(({ leads }) => leads)).toEqual(data.groups.map(({ leads }) => leads).sort((one, other) => other - one));
    expect(data.others?.groups).toBeGreaterThan(3);
  });
});

/** The funnel of some leads, counted one by one. */
function funnelTruth(leads: readonly Lead[], step: number, followDays: number): Record<string, number | null> {
  const today = Date.parse(`${TODAY}T06:00:00Z`); // its beginning in the business time zone
  const at = ({ stage, times }: Lead, index: number): number | null =>
    index === 0 ? times[0] : ([...times.slice(index, 4), stage === 'won' ? times[4] : null].find((time) => time !== null) ?? null);
  const followed = leads.filter((lead) => (at(lead, step) ?? Number.POSITIVE_INFINITY) <= today - followDays * DAY_MS);
  const moved = followed.filter((lead) => (at(lead, step + 1) ?? Number.POSITIVE_INFINITY) <= (at(lead, step) ?? 0) + followDays * DAY_MS);
  const stuck = followed.filter((lead) => !moved.includes(lead));
  return {
    entered: leads.filter((lead) => reached(lead) >= step).length,
    reachedNext: leads.filter((lead) => reached(lead) > step).length,
    followed: followed.length,
    movedOn: moved.length,
    conversionPercent: tenths(moved.length, followed.length),
    dropOff: stuck.length,
    lost: stuck.filter((lead) => reached(lead) === step && lead.stage === 'lost').length,
    waiting: stuck.filter((lead) => lead.stage === STAGES[step]).length,
    late: stuck.filter((lead) => reached(lead) > step).length,
  };
}

describe('get_lead_funnel', () => {
  it.each([
    {
      args: { period: 'last month' },
      own: inDays('2026-10-01', '2026-10-31'),
      usual: inDays('2025-10-01', '2026-09-30'),
      owner: undefined,
    },
    {
      args: { period: 'last month', source: 'paid_social' },
      own: (lead: Lead) => inDays('2026-10-01', '2026-10-31')(lead) && lead.source === 'paid_social',
      usual: inDays('2025-10-01', '2026-09-30'),
      owner: undefined,
    },
    {
      args: { campaignName: SHOWCASE_ID },
      own: ({ campaign }: Lead) => campaign === SHOWCASE_ID,
      usual: inDays('2025-10-20', '2026-10-19'),
      owner: SHOWCASE_ID,
    },
  ])('counts each step as the CRM has it: $args', async ({ args, own, usual, owner }) => {
    const { data } = await answer('get_lead_funnel', args, PERSONAL);
    const client = owner === undefined ? undefined : crm.find(({ campaign }) => campaign === owner)?.client;
    const [asked, before] = [crm.filter(own), crm.filter((lead) => usual(lead) && (client === undefined || lead.client === client))];
    expect(data.leads).toBe(asked.length);
    expect(data.basis.usualLeads).toBe(before.length);
    for (const [index, step] of data.steps.entries()) {
      expect(step).toMatchObject(funnelTruth(asked, index, step.followDays));
      const usualTruth = funnelTruth(before, index, step.followDays);
      expect(step).toMatchObject({ usualFollowed: usualTruth.followed, usualPercent: usualTruth.conversionPercent });
      expect(step.lowPercent ?? 0).toBeLessThanOrEqual(step.conversionPercent ?? 0);
      expect(step.highPercent ?? 100).toBeGreaterThanOrEqual(step.conversionPercent ?? 100);
      if (client === undefined) {
        const times = spansOf(before, ({ stage, times }) => {
          const at = (from: number) =>
            from === 0 ? times[0] : ([...times.slice(from, 4), stage === 'won' ? times[4] : null].find((time) => time !== null) ?? null);
          const [entered, next] = [at(index), at(index + 1)];
          return entered === null || next === null ? null : next - entered;
        });
        expect(step.followDays).toBe(Math.max(1, Math.ceil(percentile(times, 0.9) ?? 0)));
      }
    }
  });

  it('does not count leads as lost on the way that are too young to have moved on', async () => {
    const { data, whole } = await answer('get_lead_funnel', { period: 'last 3 days' });
    expect(data.status).toBe('data');
    const proposal = data.steps.find(({ from }) => from === 'contacted');
    expect(proposal).toMatchObject({ followed: 0, dropOff: 0, conversionPercent: null, verdict: 'cannot_say' });
    expect(whole.warnings.join()).toContain('Too young to judge: ');
  });

  it('a source or a client in Spanish words', async () => {
    const { data, whole } = await answer('get_lead_funnel', { fuente: 'Referidos', periodo: 'este trimestre' });
    expect(data.leads).toBe(crm.filter((lead) => lead.source === 'referral' && inDays('2026-10-01', TODAY)(lead)).length);
    expect(whole.period.from).toBe('2026-10-01');
    const metrics = await answer('get_lead_metrics', { por: 'Fuente', periodo: 'el mes pasado' });
    expect(metrics.data.groups.map(({ key }) => key)).toContain('paid_social');
  });
});

describe('what cannot be answered is said', () => {
  it('no leads is no data, not zero', async () => {
    for (const tool of ['get_lead_metrics', 'get_lead_funnel']) {
      const { data, whole, text } = await answer(tool, { period: '2010' });
      expect(data.status).toBe('no_data');
      expect(whole.warnings.join()).toContain(
        'No data, which is not zero: no lead of all leads was created between 2010-01-01 and 2010-12-31.',
      );
      expect(text).toContain('No leads of all leads in this period.');
      const [future] = await query(
        world.sources.ads,
        `SELECT campaign_id AS id FROM ads.campaigns WHERE start_date > '${TODAY}' ORDER BY 1 LIMIT 1`,
      );
      if (future !== undefined) {
        const planned = await answer(tool, { campaignName: future.id });
        expect(planned.whole.warnings.join()).toContain('has not started');
      }
    }
  });

  it('of fewer than five customers only that they are fewer, unless crm:pii', async () => {
    const days = [...new Set(crm.map(({ day }) => day))];
    const day = days.find((each) => customersOf(crm.filter(inDays(each, each))) === 2);
    for (const tool of ['get_lead_metrics', 'get_lead_funnel']) {
      const masked = await answer(tool, { period: day });
      expect(masked.data).toMatchObject({ status: 'too_few' });
      expect(JSON.stringify(masked.data)).not.toContain('"leads":2');
      expect(masked.text).toContain('<5');
      expect((await answer(tool, { period: day }, PERSONAL)).data.status).toBe('data');
    }
  });

  it('refuses what it cannot read', async () => {
    for (const tool of ['get_lead_metrics', 'get_lead_funnel']) {
      expect(await refusal(tool, { campaignName: SHOWCASE_ID, clientName: 'x' })).toMatchObject({ class: 'invalid_input' });
      expect(await refusal(tool, { source: 'television' })).toMatchObject({ class: 'invalid_input' });
      expect(await refusal(tool, { period: '2027' })).toMatchObject({ class: 'invalid_input' });
      expect(await refusal(tool, { campaignName: 'CMP-NOBODY-KNOWS' })).toMatchObject({ class: 'not_found' });
      expect((await ask(tool, { period: '2026' }, ['dashboard:read'])).isError).toBe(true);
    }
    expect(await refusal('get_lead_metrics', { groupBy: 'colour' })).toMatchObject({ class: 'invalid_input' });
    expect(await refusal('get_lead_metrics', { limit: 0 })).toMatchObject({ class: 'invalid_input' });
  });
});

it.each([
  ['get_lead_metrics_source', 'get_lead_metrics', { period: 'last month', groupBy: 'source' }],
  ['get_lead_metrics_cohorts', 'get_lead_metrics', { period: '2026', groupBy: 'industry', cohorts: true }],
  ['get_lead_funnel_company', 'get_lead_funnel', { period: 'last month' }],
  ['get_lead_funnel_campaign', 'get_lead_funnel', { campaignName: SHOWCASE_ID }],
] as const)('%s as a model reads it', async (name, tool, args) => {
  const { text, data } = await answer(tool, args);
  expect(text.length, 'about 2,000 tokens at most').toBeLessThan(7_000);
  expect(JSON.stringify(data).length).toBeGreaterThan(100);
  await expect(`${tool} ${JSON.stringify(args)}\n\n${text}\n`).toMatchFileSnapshot(`__snapshots__/crm_analyzer/${name}.txt`);
});

// Last: these change the hub.
describe('in a hub that changed', () => {
  it('names the step that broke, and how many leads it costs', async () => {
    await query(
      world.owner,
      `UPDATE crm.leads SET stage = CASE WHEN stage IN ('won', 'proposal', 'qualified') THEN 'contacted' ELSE stage END, qualified_at = NULL, proposal_at = NULL,
              closed_at = CASE WHEN stage IN ('won', 'proposal', 'qualified') THEN NULL ELSE closed_at END
        WHERE created_at >= '2026-10-01T06:00Z' AND created_at < '2026-11-01T06:00Z' AND lead_id % 3 > 0`,
    );
    const { data, text } = await answer('get_lead_funnel', { period: 'last month' });
    expect(data.worst).toBe('contacted → qualified');
    const [step] = data.steps.filter(({ from }) => from === 'contacted');
    expect(step).toMatchObject({ verdict: 'worse' });
    const expected = ((step?.usualPercent ?? 0) / 100) * (step?.followed ?? 0) - (step?.movedOn ?? 0);
    expect(Math.abs((step?.missing ?? 0) - expected)).toBeLessThan(1);
    expect(data.steps.find(({ from }) => from === 'contacted')?.q).toBeLessThan(0.001);
    expect(text).toContain('Worst: contacted → qualified');
  });

  it('reads a period and a client by an index, and no customer by scanning', async () => {
    // VACUUM knows a row as seen by everybody only once its commit is on the disk, which here comes later unless it is waited for.
    await query(
      world.owner,
      `SET synchronous_commit = on;
       INSERT INTO crm.customers SELECT 1000000 + g, 'CLI-' || g % 200, 'person', NULL, NULL, 'new', 'low', 1, 0, 0, now(), now(), 1990
         FROM generate_series(1, 100000) g;
       INSERT INTO crm.leads SELECT 1000000 + g, 1000000 + 1 + g % 20000, 'CLI-' || g % 200, NULL, NULL, 'organic', 'new', 10, '2020-01-01Z'::timestamptz + g * interval '144 minutes', NULL, NULL, NULL, NULL
         FROM generate_series(1, 25000) g`,
    );
    // While another transaction of this database is open, VACUUM leaves pages that an index-only scan would have to visit.
    await expect
      .poll(
        async () => {
          await query(world.owner, 'VACUUM crm.customers');
          // A load leaves empty pages at the end, which are never marked.
          const [seen] = await query(
            world.owner,
            `SELECT relallvisible > 0.9 * relpages AS whole FROM pg_class WHERE oid = 'crm.customers'::regclass`,
          );
          return seen?.whole;
        },
        { timeout: 10_000, interval: 250 },
      )
      .toBe(true);
    await query(world.owner, 'ANALYZE crm.customers; ANALYZE crm.leads');
    const plans: string[] = [];
    const explaining = openLeads({
      rows: async (statement, values) => {
        const rows = await query(world.owner, `EXPLAIN ${statement.text}`, values);
        plans.push(rows.map((row) => String(row['QUERY PLAN'])).join('\n'));
        return [];
      },
    });
    const planOf = async (read: () => Promise<unknown>): Promise<string> => {
      await read().catch((error: Error) => expect(error.message).toContain('gave no row'));
      return plans.at(-1) ?? '';
    };
    const days = { from: '2024-03-01', to: '2024-03-31' };
    const deadline = {} as never;
    expect(await planOf(() => explaining.totals({}, days, TIME_ZONE, deadline))).toContain('leads_created');
    expect(await planOf(() => explaining.totals({ clientId: 'CLI-7' }, { from: '2020-01-01', to: TODAY }, TIME_ZONE, deadline))).toContain(
      'leads_client',
    );
    expect(await planOf(() => explaining.stepTimes({ clientId: 'CLI-7' }, days, TIME_ZONE, deadline))).toMatch(/leads_(client|created)/);
    for (const range of [days, { from: '2020-01-01', to: TODAY }]) {
      for (const group of ['industry', 'region'] as const) {
        for (const read of [explaining.groups, explaining.groupSizes]) {
          const plan = await planOf(() => read(group, {}, range, TIME_ZONE, deadline));
          expect(plan).not.toMatch(/Seq Scan on customers/);
          expect(plan).toContain('Index Only Scan using customers_industry_city');
        }
      }
    }
  }, 120_000);
});
