import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleGetGenerationUsage } from '../../mcp-servers/content_generator/handlers/get_generation_usage.ts';
import { getGenerationUsage } from '../../mcp-servers/content_generator/tools/get_generation_usage.ts';
import { SCOPES_OF_ROLE } from '../../shared/access/roles.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { sum } from '../../shared/domain/money.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import type { OutsideRequest } from '../../shared/sources/content_store.ts';
import { type ContentGeneratorWorld, startContentGenerator } from '../support/content_generator_world.ts';
import { clientOf } from '../support/etl_databases.ts';

const TOOL = getGenerationUsage.name;
const soon = () => deadlineIn(20_000);
const callerOf = (client: string, role: Caller['role']): Caller => ({ client, role, scopes: new Set(SCOPES_OF_ROLE[role]) });
const ana = callerOf('ana@example.com', 'marketing');
const admin = callerOf('root-console', 'admin');
let world: ContentGeneratorWorld;

/** A request; what is not told is alike in all. */
const request = (requestId: string, more: Partial<OutsideRequest>): OutsideRequest => ({
  requestId,
  service: 'openai',
  request: { operation: 'chat.completions' },
  response: {},
  result: 'ok',
  clientId: 'CLI-1',
  tokens: 1_000,
  costUsd: '0.00123456789',
  costKnown: true,
  durationMs: 10,
  tool: 'generateCampaignMessages',
  caller: 'ana@example.com',
  at: new Date('2026-02-03T12:00:00Z'),
  day: '2026-02-03',
  ...more,
});

const records: readonly OutsideRequest[] = [
  request('A-1', {}),
  request('A-2', { tokens: 2_345, costUsd: '0.000000000001' }),
  request('A-3', { result: 'timeout', tokens: 10, costUsd: '0.000000000003', costKnown: false, day: '2026-02-04' }),
  request('A-4', { result: 'from_cache', tokens: 0, costUsd: '0', saved: { tokens: 1_000, costUsd: '0.00123456789' }, day: '2026-02-04' }),
  request('A-5', { tool: 'getContent', tokens: 7, costUsd: '0.00000014', caller: 'nightly-job', day: '2026-02-10' }),
  request('A-6', { day: '2026-01-31', tokens: 99, costUsd: '1' }),
  request('B-1', { clientId: 'CLI-2', tokens: 5, costUsd: '0.5', caller: 'nightly-job' }),
];

const dataOf = async (args: object, caller = ana) => {
  const { structuredContent, isError, content } = await world.ask(TOOL, args, caller);
  expect(isError, content[0].text).toBeUndefined();
  return structuredContent as {
    data: { totals: Record<string, unknown>; rows: Record<string, unknown>[]; [key: string]: unknown };
    warnings: string[];
  };
};

beforeAll(async () => {
  world = await startContentGenerator([serve(getGenerationUsage, handleGetGenerationUsage)]);
  for (const record of records) await world.store.recordRequest(record, soon());
  await world.store.recordGeneration(
    {
      logId: 'LOG-1',
      campaignId: 'CMP-1',
      clientId: 'CLI-1',
      campaignDescription: 'Zapatillas',
      targetAudience: null,
      populations: [
        { population: {}, messages: [1, 2, 3].map(() => ({ text: 'Corré', tone: 't', hashtags: [], images: [], reason: 'r' })) },
      ],
      model: 'gpt-4.1-mini',
      promptVersion: 'messages.1',
      promptHash: 'h',
      language: 'es',
      tokens: 1_000,
      costUsd: '0.001',
      costKnown: true,
      durationMs: 1,
      tool: 'generateCampaignMessages',
      caller: 'ana@example.com',
      at: new Date('2026-02-03T12:00:00Z'),
      day: '2026-02-03',
    },
    soon(),
  );
  const subscription = (clientOf(1, ['PLAN-STARTER']).subscriptions as object[])[0];
  const usageTracking = {
    generacion_contenido: { used: 93, limit: 100, resetDate: '2026-03-01' },
    imagenes_ia: { used: 20, limit: 20, resetDate: '2026-03-01' },
  };
  const document = { ...clientOf(1, []), subscriptions: [{ ...subscription, planName: 'Starter', usageTracking }] };
  await world.content(`UPDATE content.clientes SET document = $1 WHERE id = 'CLI-1'`, [JSON.stringify(document)]);
  await world.load();
}, 60_000);
afterAll(async () => {
  expect(world?.log ?? []).toEqual([]);
  await world?.stop();
});

describe('what generation took (T1, N6)', () => {
  it('of a client reconciles with its records to the last digit of a dollar, in total and by tool and day', async () => {
    const { data } = await dataOf({ clientName: 'empresa 1' });
    const own = records.filter(({ clientId, day }) => clientId === 'CLI-1' && day.startsWith('2026-02'));
    expect(data.totals).toEqual({
      calls: 4,
      failedCalls: 1,
      tokens: own.reduce((total, { tokens }) => total + tokens, 0),
      costUsd: sum(own.map(({ costUsd }) => costUsd)).toFixed(),
      unknownCosts: 1,
      fromCache: 1,
      savedTokens: 1_000,
      savedCostUsd: '0.00123456789',
      unknownSavings: 0,
      generations: 1,
      messages: 3,
    });
    expect(data.rows.map(({ when, tool, calls, costUsd }) => [when, tool, calls, costUsd])).toEqual([
      ['2026-02-03', 'generateCampaignMessages', 2, '0.001234567891'],
      ['2026-02-04', 'generateCampaignMessages', 1, '0.000000000003'],
      ['2026-02-10', 'getContent', 1, '0.00000014'],
    ]);
    expect(sum(data.rows.map(({ costUsd }) => String(costUsd))).toFixed()).toBe(data.totals.costUsd);
  });

  it('is told whole, as text and as data', async () => {
    const answer = await world.ask(TOOL, { clientName: 'CLI-1', period: 'this month' }, ana);
    await expect(`${answer.content[0].text}\n\n${JSON.stringify(answer.structuredContent, null, 1)}\n`).toMatchFileSnapshot(
      '__snapshots__/content_generator/get_generation_usage.txt',
    );
  });

  it('has every figure of its data in its text', async () => {
    const answer = await world.ask(TOOL, { clientName: 'CLI-1' }, ana);
    const { data } = answer.structuredContent as { data: { totals: object; rows: object[]; quota: object[] } };
    const figures = [data.totals, ...data.rows, ...data.quota].flatMap((row) => Object.values(row)).filter((value) => value !== null);
    const text = answer.content[0].text.replaceAll(/(?<=\d),(?=\d{3})/g, '');
    expect(figures.filter((figure) => !text.includes(String(figure)))).toEqual([]);
  });

  it('is of the caller itself when nobody is named, under the pseudonym of an e-mail address', async () => {
    const { data } = await dataOf({});
    expect(data.totals).toMatchObject({ calls: 3, fromCache: 1 });
    expect(data.subject).toEqual({ kind: 'user', id: expect.stringMatching(/^user-/), name: expect.stringMatching(/^user-/) });
    expect(data.quota).toBeNull();
    expect(JSON.stringify(data)).not.toContain('@');
    expect((await dataOf({ user: 'Ana@Example.com' })).data.totals).toEqual(data.totals);
  });

  it("of another user is told to who runs the servers, and to nobody else; a client's to who may read content (T6)", async () => {
    expect((await dataOf({ user: 'nightly-job' }, admin)).data.totals).toMatchObject({ calls: 2, costUsd: '0.50000014' });
    const refused = await world.ask(TOOL, { user: 'nightly-job' }, ana);
    expect(refused.isError).toBe(true);
    expect(refused.content[0].text).toContain('forbidden: What another user took needs dashboard:operate, which the role marketing');
    const sales = await world.ask(TOOL, { clientName: 'CLI-1' }, callerOf('luis', 'sales'));
    expect(sales.content[0].text).toContain('needs content:read');
  });

  it('refuses a client and a user at once, and names the nearest client to one it does not know', async () => {
    const both = await world.ask(TOOL, { clientName: 'CLI-1', user: 'x' }, admin);
    expect(both.content[0].text).toContain('invalid_input: Both clientName and user');
    expect((await world.ask(TOOL, { clientName: 'Empresaria' }, ana)).content[0].text).toContain('Empresa 1');
  });

  it('counts a long period by month, when there are too many days', async () => {
    for (let day = 1; day <= 70; day++) {
      const at = new Date(Date.UTC(2025, 0, day, 12));
      await world.store.recordRequest(
        request(`L-${day}`, { clientId: 'CLI-3', at, day: at.toISOString().slice(0, 10), costUsd: '0.1' }),
        soon(),
      );
    }
    await world.load();
    const { data } = await dataOf({ clientName: 'CLI-3', startDate: '2025-01-01', endDate: '2025-12-31' });
    expect(data).toMatchObject({ by: 'month', totals: { calls: 70, costUsd: '7' } });
    expect(data.rows.map(({ when, calls }) => [when, calls])).toEqual([
      ['2025-01', 31],
      ['2025-02', 28],
      ['2025-03', 11],
    ]);
  });

  it('says that a cost is at least so much, and that what is not loaded yet is not in it', async () => {
    const { warnings } = await dataOf({ clientName: 'CLI-1' });
    expect(warnings).toEqual([
      expect.stringContaining('come with the loads'),
      expect.stringContaining('at least so much: of 1 of 4 calls'),
    ]);
    expect((await dataOf({ clientName: 'CLI-2', period: '2026-01' })).warnings).toEqual([expect.stringContaining('No data')]);
  });

  it('says that there is no data, not that it was zero, and still what is left of the plan', async () => {
    const { data } = await dataOf({ clientName: 'CLI-1', period: '2025-06' });
    expect(data).toMatchObject({ status: 'no_data', totals: null, rows: [], quota: [{ left: 7 }, { left: 0 }] });
  });
});

describe('what is left of a plan (T7)', () => {
  it('is told by feature, with the plan and the day counting begins anew, as it is this moment', async () => {
    const before = await dataOf({ clientName: 'CLI-1' });
    expect(before.data.quota).toEqual([
      {
        feature: 'generacion_contenido',
        planId: 'PLAN-STARTER',
        planName: 'Starter',
        used: 93,
        limit: 100,
        left: 7,
        resetDate: '2026-03-01',
      },
      { feature: 'imagenes_ia', planId: 'PLAN-STARTER', planName: 'Starter', used: 20, limit: 20, left: 0, resetDate: '2026-03-01' },
    ]);
    const asked = { reservationId: 'R', clientId: 'CLI-1', feature: 'generacion_contenido', amount: 3, today: '2026-02-10' } as const;
    const reserved = await world.store.reserve(asked, soon());
    expect((await dataOf({ clientName: 'CLI-1' })).data.quota).toMatchObject([{ used: 96, left: 4 }, {}]);
    if (reserved.outcome === 'reserved') await world.store.settle(reserved.reservation, 0, soon());
  });

  it('is without a limit where the plan has none, and nothing without a subscription', async () => {
    expect((await dataOf({ clientName: 'CLI-2' })).data.quota).toMatchObject([
      { limit: null, left: null },
      { limit: null, left: null },
    ]);
    await world.content(`UPDATE content.clientes SET document = document || '{"status": "suspended"}' WHERE id = 'CLI-3'`);
    const { data, warnings } = await dataOf({ clientName: 'CLI-3' });
    expect(data.quota).toEqual([]);
    expect(warnings).toContain('The client has no active subscription that includes generation.');
  });

  it('is not known while PromptContent cannot be reached; what was used is told all the same', async () => {
    const { structuredContent, isError } = await world.askWithoutContent(TOOL, { clientName: 'CLI-1' }, ana);
    expect(isError).toBeUndefined();
    expect(structuredContent).toMatchObject({
      data: { status: 'data', totals: { calls: 4 }, quota: null },
      warnings: expect.arrayContaining([expect.stringContaining('What is left of the plan is not known just now')]),
    });
  });
});
