import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { crmAnalyzer } from '../../mcp-servers/crm_analyzer/index.ts';
import type * as personalData from '../../shared/access/personal_data.ts';
import { serveOverHttp } from '../support/called_over_http.ts';
import { query } from '../support/etl_databases.ts';
import { type RunningStack, startStack } from '../support/running_stack.ts';
import { toolCall } from '../support/tool_call.ts';

// The one place that masks, with a switch: a search that finds nothing proves something only if it finds what an unmasked answer holds.
const masking = vi.hoisted(() => ({ isOff: false }));
vi.mock('../../shared/access/personal_data.ts', async (original) => {
  const real = await original<typeof personalData>();
  return {
    ...real,
    shownPerson: (...[person, mayIdentify]: Parameters<typeof real.shownPerson>) => real.shownPerson(person, mayIdentify || masking.isOff),
  };
});

/** What would tell who somebody is, with the customer it belongs to. */
type Secret = { readonly customerId: number; readonly text: string };

let stack: RunningStack;
let secrets: readonly Secret[];
/** A customer every question below comes upon, and its contacts. */
let someone: { readonly id: string; readonly email: string; readonly phone: string; readonly document: string };

beforeAll(async () => {
  stack = await startStack();
  const people = await query(
    stack.urls.crm,
    `SELECT customer_id::int AS id, first_name || ' ' || last_name AS name, email, phone, document, birth_date::text AS birthday FROM crm.customers`,
  );
  secrets = people.flatMap(({ id, name, email, phone, document }) =>
    [name, email, phone, String(phone).replaceAll(/\D/g, ''), document].map((text) => ({ customerId: Number(id), text: String(text) })),
  );
  // Namesakes would be taken for each other; whose name nobody else has stands for the rest.
  const times = new Map<string, number>();
  for (const { text } of secrets) times.set(text, (times.get(text) ?? 0) + 1);
  secrets = secrets.filter(({ text }) => times.get(text) === 1);
  expect(secrets.length).toBeGreaterThan(10_000);
  const [best] = await query(
    stack.urls.hubAdmin,
    `SELECT customer_id::text AS id FROM crm.orders WHERE status = 'paid' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`,
  );
  const person = people.find(({ id }) => String(id) === best?.id);
  // They are loaded and encrypted while the servers answer already.
  const loaded = `SELECT count(*)::int AS n FROM crm.identities`;
  const isLoaded = async () => (await query(stack.urls.hubAdmin, loaded))[0]?.n === people.length;
  await vi.waitUntil(isLoaded, { timeout: 60_000, interval: 100 });
  someone = { id: String(best?.id), email: String(person?.email), phone: String(person?.phone), document: String(person?.document) };
}, 120_000);
afterAll(() => stack?.stop());

/** A reply, byte for byte as a host gets it, and what its asker said. */
type Exchange = { readonly asked: string; readonly reply: string };

/** All that the server says to each tool's questions, good and bad, and what it has to log meanwhile. */
async function traffic(scopes: string): Promise<readonly Exchange[]> {
  const served = await serveOverHttp(stack, crmAnalyzer, { PROMPTSALES_SCOPES: scopes });
  try {
    const exchanges: Exchange[] = [];
    for (const [tool, args] of questions(scopes.includes('crm:pii') ? { reason: 'prueba de fugas' } : {})) {
      const call = toolCall(tool, args, { client: 'leak search' });
      const reply = await fetch(served.url, { method: 'POST', headers: call.headers, body: call.body });
      exchanges.push({ asked: JSON.stringify(args), reply: [...reply.headers.values(), await reply.text()].join('\n') });
    }
    return [...exchanges, { asked: '', reply: JSON.stringify(served.logged) }];
  } finally {
    await served.close();
  }
}

function questions(why: object): readonly (readonly [tool: string, args: object])[] {
  const { id, email, phone, document } = someone;
  const contacts = [email, email.toUpperCase(), phone, document, `${email}x`, '+50600000000'];
  return [
    ...[id, '999999999', ...contacts].map((customer) => ['get_customer_profile', { customer, ...why }] as const),
    ...['revenue', 'orders', 'recency', 'churn_risk', 'expected_value'].map(
      (metric) => ['rank_customers', { metric, partition: 'region', limit: 50, ...why }] as const,
    ),
    ['find_nearby_customers', { place: 'San José, Costa Rica', radiusKm: 500, limit: 50, ...why }],
    ['find_nearby_customers', { latitude: 9.93, longitude: -84.08, radiusKm: 0.5, limit: 50, ...why }],
    ['find_nearby_customers', { place: email, radiusKm: 1, ...why }],
    ...['rfm', 'type', 'industry', 'potential', 'region', 'segment'].map((method) => ['segment_customers', { method }] as const),
    ...['source', 'campaign', 'industry', 'region'].map(
      (groupBy) => ['get_lead_metrics', { groupBy, cohorts: true, period: 'this year' }] as const,
    ),
    ['get_lead_funnel', { period: 'this year' }],
    // Asked for wrongly, in ways that quote what was asked.
    ['get_lead_metrics', { clientName: email }],
    ['segment_customers', { clientName: document }],
    ['rank_customers', { metric: phone }],
    ['get_customer_profile', { customer: { email } }],
    ['update_lead_stage', { changes: [{ leadId: 999_999_999, stage: 'contacted', note: email }] }],
  ];
}

/** Every key of Redis with all that it holds, what is compressed as it was before. */
async function redisDump(): Promise<string> {
  const redis = new Redis(stack.urls.redis);
  try {
    const dump: string[] = [];
    for (const key of await redis.keys('*')) {
      const read = {
        string: async () => [await redis.getBuffer(key)],
        hash: async () => Object.entries(await redis.hgetallBuffer(key)).flat(),
        list: () => redis.lrangeBuffer(key, 0, -1),
        set: () => redis.smembersBuffer(key),
        zset: () => redis.zrangeBuffer(key, '0', '-1'),
        stream: async () => [JSON.stringify(await redis.xrange(key, '-', '+'))],
      }[await redis.type(key)];
      for (const value of (await read?.()) ?? []) dump.push(textOf(value));
      dump.push(key);
    }
    return dump.join('\n');
  } finally {
    redis.disconnect();
  }
}

const ZSTD = Buffer.from('28b52ffd', 'hex');

function textOf(value: Buffer | string | null): string {
  if (value === null || typeof value === 'string') return value ?? '';
  return (value.subarray(0, 4).equals(ZSTD) ? zstdDecompressSync(value) : value).toString('utf8');
}

async function logs(): Promise<string> {
  const files = (await readdir(stack.home, { recursive: true })).filter((name) => name.endsWith('.log'));
  expect(files.length).toBeGreaterThan(0);
  return (await Promise.all(files.map((name) => readFile(join(stack.home, name), 'utf8')))).join('\n');
}

/** What of anybody's personal data stands in a text, without what its asker said. */
function leaks(text: string, asked = ''): readonly Secret[] {
  const searched = text.normalize('NFC');
  return secrets.filter(({ text: secret }) => searched.includes(secret.normalize('NFC')) && !asked.includes(secret));
}

const leaksOf = (exchanges: readonly Exchange[]): readonly Secret[] => exchanges.flatMap(({ asked, reply }) => leaks(reply, asked));

describe('personal data (S5)', () => {
  it('stands in no reply, no log and no cache entry for who may not identify people, whatever is asked', async () => {
    const exchanges = await traffic('');
    expect(exchanges.filter(({ reply }) => reply.includes('"basis"')).length).toBeGreaterThan(20);
    expect(leaksOf(exchanges)).toEqual([]);
    const dump = await redisDump();
    // The search can read what Redis holds: an answer that is kept has its words there.
    expect(dump).toContain('segment_customers');
    expect(dump).toContain('Quintiles of the scope');
    expect(leaks(dump)).toEqual([]);
    expect(leaks(await logs())).toEqual([]);
  });

  it('is shown to who may identify people and says why, is written to the audit, and is kept nowhere', async () => {
    const found = leaksOf(await traffic('crm:pii'));
    expect(found).toContainEqual({ customerId: Number(someone.id), text: someone.email });
    expect(found).toContainEqual({ customerId: Number(someone.id), text: someone.document });
    const audited = await query(stack.urls.hubAdmin, `SELECT DISTINCT subject FROM access.audit WHERE reason = 'prueba de fugas'`);
    const subjects = new Set(audited.map(({ subject }) => subject));
    expect(found.filter(({ customerId }) => !subjects.has(`customer:${customerId}`))).toEqual([]);
    expect(leaks(await redisDump())).toEqual([]);
    expect(leaks(await logs())).toEqual([]);
  });

  it('would be found by this search if masking were switched off', async () => {
    masking.isOff = true;
    try {
      expect(leaksOf(await traffic('')).length).toBeGreaterThan(50);
    } finally {
      masking.isOff = false;
    }
  });
});
