import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { geodesicDistance } from '../../mcp-servers/crm_analyzer/service/geodesic.ts';
import { circleAround } from '../../mcp-servers/crm_analyzer/service/nearby_circle.ts';
import { findNearbyCustomers } from '../../mcp-servers/crm_analyzer/tools/find_nearby_customers.ts';
import { getCustomerProfile } from '../../mcp-servers/crm_analyzer/tools/get_customer_profile.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import { type CustomerWorld, startCustomerWorld } from '../support/customer_world.ts';
import { TIME_ZONE } from '../support/generated_hub.ts';

type Data = Record<string, unknown>;
type Error = { class: string; message: string; remedy?: string; candidates?: readonly Record<string, string>[] };
type Band = { fromKm: number; toKm: number; customers: number; revenue: number };
type Row = { customerId: number; name: string; distanceKm: number | null; band: string; revenue: number; latitude: number | null };

const SAN_JOSE = { latitude: 9.9281, longitude: -84.0907 };
const masked: Caller = { client: 'tests', role: 'sales', scopes: new Set(['crm:read']) };
const identified: Caller = { client: 'ana', role: 'sales', scopes: new Set(['crm:read', 'crm:pii']) };
const reason = 'call back about order 1042';

let world: CustomerWorld;
beforeAll(async () => {
  world = await startCustomerWorld();
});
afterAll(async () => {
  await world?.stop();
});

async function answer(tool: string, args: Data, caller: Caller = masked): Promise<{ text: string; whole: Data; data: Data }> {
  const result = await world.ask(tool, args, caller);
  const [{ text }] = result.content;
  expect(result.isError, text).toBeUndefined();
  return { text, whole: result.structuredContent, data: result.structuredContent.data as Data };
}

async function refusal(tool: string, args: Data, caller: Caller = masked): Promise<Error> {
  const result = await world.ask(tool, args, caller);
  expect(result.isError, result.content[0].text).toBe(true);
  return result.structuredContent.error as Error;
}

const nearby = (args: Data, caller?: Caller) => answer(findNearbyCustomers.name, args, caller);
const profile = (args: Data, caller?: Caller) => answer(getCustomerProfile.name, args, caller);
const auditLines = () => world.hub('SELECT actor, action, subject, reason, details FROM access.audit ORDER BY audit_id');
const cents = (value: unknown): number => Math.round(Number(value) * 100) / 100;

/** Great-circle distance in km on a sphere of the mean radius: another formula, at most 0.6 % away from the geodesic. */
const HAVERSINE = `2 * 6371.0088 * asin(sqrt(sin(radians(latitude - $1) / 2) ^ 2
  + cos(radians($1)) * cos(radians(latitude)) * sin(radians(longitude - $2) / 2) ^ 2))`;

let customers: Promise<Data[]> | undefined;

/** Everybody in PromptCRM with the geodesic distance from a centre, worked out one by one. */
async function everybody(centre: { latitude: number; longitude: number }) {
  customers ??= world.crm(
    `SELECT c.customer_id, client_id, segment, first_name, last_name, email, latitude, longitude, coalesce(o.revenue, 0) AS revenue
       FROM crm.customers c
       LEFT JOIN (SELECT customer_id, sum(total_usd) AS revenue FROM crm.orders WHERE status = 'paid' GROUP BY 1) o USING (customer_id)`,
  );
  const rows = await customers;
  return rows.map((row) => ({
    id: Number(row.customer_id),
    clientId: String(row.client_id),
    segment: String(row.segment),
    name: `${row.first_name} ${row.last_name ?? ''}`.trim(),
    email: String(row.email),
    revenue: Number(row.revenue),
    km: geodesicDistance(centre, { latitude: Number(row.latitude), longitude: Number(row.longitude) }) / 1_000,
    maskedKm:
      geodesicDistance(centre, {
        latitude: Math.round(Number(row.latitude) * 1_000) / 1_000,
        longitude: Math.round(Number(row.longitude) * 1_000) / 1_000,
      }) / 1_000,
  }));
}

describe('find_nearby_customers', () => {
  it.each([1.3, 5, 60, 500])('finds everybody within %d km, the nearest first, with totals by band (T4)', async (radiusKm) => {
    const all = (await everybody(SAN_JOSE)).filter(({ km }) => km <= radiusKm).sort((one, other) => one.km - other.km || one.id - other.id);
    const { data, whole } = await nearby({ ...SAN_JOSE, radiusKm, limit: 50, reason }, identified);
    expect(all.length).toBeGreaterThan(5);
    expect(data.customers).toBe(all.length);
    expect(data.revenue).toBe(cents(all.reduce((total, { revenue }) => total + revenue, 0)));
    expect((data.nearest as Row[]).map(({ customerId, distanceKm, name, revenue }) => [customerId, distanceKm, name, revenue])).toEqual(
      all.slice(0, 50).map(({ id, km, name, revenue }) => [id, Number(km.toFixed(3)), name, revenue]),
    );
    const bands = data.bands as Band[];
    expect(bands).toHaveLength(5);
    for (const [at, { fromKm, toKm, customers, revenue }] of bands.entries()) {
      expect([fromKm, toKm]).toEqual([(radiusKm * at) / 5, (radiusKm * (at + 1)) / 5].map((edge) => Number(edge.toFixed(3))));
      const inside = all.filter(({ km }) => km * 5 > at * radiusKm && (km * 5 <= (at + 1) * radiusKm || at === 4));
      expect([customers, revenue]).toEqual([inside.length, cents(inside.reduce((total, one) => total + one.revenue, 0))]);
    }
    expect(whole.page).toEqual({ returned: Math.min(50, all.length), total: all.length, nextCursor: null });
  });

  it('agrees with the great circle of PromptCRM within 0.6 %', async () => {
    const rows = await world.crm(`SELECT customer_id, ${HAVERSINE} AS km FROM crm.customers ORDER BY km LIMIT 20`, [
      SAN_JOSE.latitude,
      SAN_JOSE.longitude,
    ]);
    const known = new Map(rows.map(({ customer_id, km }) => [Number(customer_id), Number(km)]));
    const { data } = await nearby({ ...SAN_JOSE, radiusKm: 100, limit: 15, reason }, identified);
    for (const { customerId, distanceKm } of data.nearest as Row[]) {
      const km = known.get(customerId) ?? Number.NaN;
      expect(Math.abs((distanceKm ?? Number.NaN) - km)).toBeLessThan(0.006 * km + 0.001);
    }
  });

  it('decides who is within by the chord, which is at most 2 m from the geodesic within 500 km', async () => {
    for (const centre of [SAN_JOSE, { latitude: 40.4168, longitude: -3.7038 }, { latitude: -33.4489, longitude: -70.6693 }]) {
      world.statements();
      await nearby({ ...centre, radiusKm: 500, limit: 1, reason }, identified);
      const asked = world.statements().find(({ statement }) => statement.name.startsWith('bands_of'));
      const near = /FROM (\([\s\S]*?OFFSET 0\)) n\b/.exec(asked?.statement.text ?? '')?.[1];
      const rows = await world.hub(
        `SELECT latitude, longitude, chord FROM ${near} n WHERE $12::float8[] IS NOT NULL AND $7::text IS NULL`,
        asked?.values,
      );
      expect(rows.length).toBeGreaterThan(0);
      const circle = circleAround(centre, 500_000);
      for (const { latitude, longitude, chord } of rows) {
        const metres = geodesicDistance(centre, { latitude: Number(latitude), longitude: Number(longitude) });
        const arc = 2 * circle.curvature * Math.asin(Math.sqrt(Number(chord)) / (2 * circle.curvature));
        expect(Math.abs(arc - metres)).toBeLessThan(2);
      }
    }
  });

  it('keeps to a client and a segment', async () => {
    const all = (await everybody(SAN_JOSE)).filter(({ km }) => km <= 80);
    const [first] = all;
    const chosen = all.filter(({ clientId, segment }) => clientId === first?.clientId && segment === 'loyal');
    const asked = { ...SAN_JOSE, radiusKm: 80, clientName: first?.clientId, segment: 'loyal', reason };
    const { data } = await nearby(asked, identified);
    expect(data.customers).toBe(chosen.length);
    expect(data.scope).toContain(`(${first?.clientId}) segment loyal`);
  });

  describe('a place', () => {
    it.each(['San José, Costa Rica', 'san jose', 'SAN JOSÉ de Costa Rica', 'San Jose, CR'])(
      '%s is the city of the gazetteer',
      async (place) => {
        const { data } = await nearby({ place, radiusKm: 10 });
        expect(data.place).toMatch(/^San José, San José, Costa Rica \(city \d+, found by /);
        expect([data.latitude, data.longitude]).toEqual([SAN_JOSE.latitude, SAN_JOSE.longitude]);
      },
    );

    it('is found by its id, with a mistyped letter, in the words of Spanish or English, and under Spanish argument names', async () => {
      const [madrid] = await world.crm(`SELECT city_id FROM crm.cities WHERE name = 'Madrid'`);
      for (const lugar of [String(madrid?.city_id), 'Madrit', 'Madrid, España', 'Madrid, Spain']) {
        const { data } = await nearby({ lugar, radioKm: 30 });
        expect(data.place, lugar).toMatch(/^Madrid, .*España/);
      }
    });

    it('of a name that several countries have is ambiguous, and region and country tell them apart', async () => {
      await world.hub(`INSERT INTO crm.cities VALUES (9001, 'Cartago', 'Valle del Cauca', 'CO', 'Colombia', 4.7464, -75.9117, 137000)`);
      try {
        const error = await refusal(findNearbyCustomers.name, { place: 'cartago', radiusKm: 10 });
        expect(error.class).toBe('ambiguous');
        expect(error.candidates?.map(({ region, country }) => [region, country])).toEqual([
          ['Valle del Cauca', 'Colombia'],
          ['Cartago', 'Costa Rica'],
        ]);
        const { data } = await nearby({ place: 'Cartago, Colombia', radiusKm: 1 });
        expect([data.latitude, data.longitude]).toEqual([4.7464, -75.9117]);
        expect((await nearby({ place: 'Cartago, Costa Rica', radiusKm: 1 })).data.place).toContain('Costa Rica');
      } finally {
        await world.hub('DELETE FROM crm.cities WHERE city_id = 9001');
      }
    });

    it('that is not there is not_found with the nearest names', async () => {
      expect(await refusal(findNearbyCustomers.name, { place: 'Atlantis', radiusKm: 10 })).toMatchObject({ class: 'not_found' });
    });
  });

  it.each([
    [{ radiusKm: 5 }, /No place/],
    [{ latitude: 9.9, radiusKm: 5 }, /half a point/],
    [{ place: 'Heredia', ...SAN_JOSE, radiusKm: 5 }, /Both/],
    [{ place: 'Heredia' }, /radiusKm/],
    [{ place: 'Heredia', radiusKm: 501 }, /radiusKm/],
    [{ place: 'Heredia', radiusKm: 0.05 }, /radiusKm/],
    [{ latitude: 91, longitude: 0, radiusKm: 5 }, /latitude/],
    [{ place: 'Heredia', radiusKm: 5, limit: 51 }, /limit/],
    [{ place: 'Heredia', radiusKm: 5, segment: 'rich' }, /segment/],
  ])('refuses %o', async (args, message) => {
    const error = await refusal(findNearbyCustomers.name, args);
    expect(error.class).toBe('invalid_input');
    expect(error.message).toMatch(message);
  });

  it('answers a circle without customers as none, with a wider one', async () => {
    const { data, whole } = await nearby({ latitude: -48.9, longitude: -123.4, radiusKm: 20 });
    expect(data).toMatchObject({ status: 'no_data', customers: 0, revenue: 0, bands: [], nearest: [] });
    expect(whole.next).toMatchObject([{ tool: findNearbyCustomers.name, arguments: { radiusKm: 100 } }]);
  });

  describe('without crm:pii (S5)', () => {
    it('masks names, gives no coordinates, and tells distances from the middle of a cell, to 100 m', async () => {
      const all = await everybody(SAN_JOSE);
      const { data, text } = await nearby({ ...SAN_JOSE, radiusKm: 30, limit: 50 });
      const rows = data.nearest as (Row & { longitude: number | null })[];
      expect(rows).toHaveLength(50);
      let told = 0;
      for (const row of rows) {
        const one = all.find(({ id }) => id === row.customerId);
        expect([row.latitude, row.longitude]).toEqual([null, null]);
        expect(row.name).toMatch(/^\p{L}•+( \p{L}•+)?$/u);
        expect(text).not.toContain(one?.name ?? '');
        expect(text).not.toContain(one?.email ?? '');
        if (row.distanceKm === null) continue;
        told += 1;
        expect(row.distanceKm).toBe(Number((one?.maskedKm ?? Number.NaN).toFixed(1)));
      }
      expect(told).toBeGreaterThan(40);
      expect(data.customers).toBe(all.filter(({ maskedKm }) => maskedKm <= 30).length);
    });

    it('joins bands of fewer than 5 to the next, and tells who is in one by band only', async () => {
      const all = await everybody(SAN_JOSE);
      let small = 0;
      for (const radiusKm of [1, 1.5, 2, 3, 4, 6]) {
        const inside = all.filter(({ maskedKm }) => maskedKm <= radiusKm);
        const { data } = await nearby({ ...SAN_JOSE, radiusKm, limit: 50 });
        if (inside.length < 5) continue;
        const bands = data.bands as Band[];
        expect(bands.filter(({ customers }) => customers > 0 && customers < 5)).toEqual([]);
        expect(bands.reduce((total, { customers }) => total + customers, 0)).toBe(inside.length);
        expect(bands[0]?.fromKm).toBe(0);
        expect(bands.at(-1)?.toKm).toBe(radiusKm);
        for (const row of data.nearest as Row[]) {
          const ringOf = (km: number): number => Math.min(4, Math.floor((km * 5) / radiusKm));
          const ring = ringOf(all.find(({ id }) => id === row.customerId)?.maskedKm ?? Number.NaN);
          const isSmall = inside.filter(({ maskedKm }) => ringOf(maskedKm) === ring).length < 5;
          expect(row.distanceKm === null, `${radiusKm} km, customer ${row.customerId}`).toBe(isSmall);
          if (isSmall) small += 1;
        }
      }
      expect(small).toBeGreaterThan(0);
    });

    it('does not break a circle of fewer than 5 customers down', async () => {
      const all = (await everybody(SAN_JOSE)).sort((one, other) => one.maskedKm - other.maskedKm);
      const radiusKm = Math.max(0.1, (all[2]?.maskedKm ?? 0) + 0.002);
      expect(all.filter(({ maskedKm }) => maskedKm <= radiusKm).length).toBeLessThan(5);
      world.statements();
      const { data, whole, text } = await nearby({ ...SAN_JOSE, radiusKm });
      expect(data).toMatchObject({ customers: null, revenue: null, bands: [], nearest: [] });
      expect(text).toContain('<5 customers');
      expect(whole.page).toBeUndefined();
      expect(whole.warnings).toEqual(['Fewer than 5 customers: they are not broken down without the scope crm:pii.']);
      expect(world.statements().map(({ statement }) => statement.name)).not.toContain('people_by_id');
    });
  });

  it('with crm:pii wants a reason, and writes each customer shown to the audit', async () => {
    const before = (await auditLines()).length;
    expect(await refusal(findNearbyCustomers.name, { ...SAN_JOSE, radiusKm: 5 }, identified)).toMatchObject({
      class: 'invalid_input',
      remedy: expect.stringContaining('reason'),
    });
    await nearby({ ...SAN_JOSE, radiusKm: 5 });
    expect(await auditLines()).toHaveLength(before);
    const { data } = await nearby({ ...SAN_JOSE, radiusKm: 5, limit: 7, reason }, identified);
    await nearby({ ...SAN_JOSE, radiusKm: 5, limit: 7, reason }, identified); // no answer from memory goes unwritten
    const lines = (await auditLines()).slice(before);
    const subjects = (data.nearest as Row[]).map(({ customerId }) => `customer:${customerId}`);
    expect(lines.map(({ subject }) => subject)).toEqual([...subjects, ...subjects]);
    for (const line of lines) expect(line).toMatchObject({ actor: 'ana', action: findNearbyCustomers.name, reason });
  });
});

describe('get_customer_profile', () => {
  /** The customer with the most of everything. */
  async function busiest(): Promise<number> {
    const [row] = await world.hub(
      `SELECT c.customer_id FROM crm.customers c WHERE EXISTS (SELECT FROM crm.leads l WHERE l.customer_id = c.customer_id AND l.closed_at IS NOT NULL)
        ORDER BY (SELECT count(*) FROM crm.interactions i WHERE i.customer_id = c.customer_id) *
                 (SELECT count(*) FROM ads.touches t WHERE t.customer_id = c.customer_id) *
                 (SELECT count(*) FROM crm.orders o WHERE o.customer_id = c.customer_id) DESC, 1 LIMIT 1`,
    );
    return Number(row?.customer_id);
  }

  it('tells the whole history as the sources have it (T4)', async () => {
    const id = await busiest();
    const [leads, orders, interactions, touches, [person]] = await Promise.all([
      world.crm('SELECT * FROM crm.leads WHERE customer_id = $1', [id]),
      world.crm('SELECT * FROM crm.orders WHERE customer_id = $1', [id]),
      world.crm('SELECT * FROM crm.interactions WHERE customer_id = $1', [id]),
      world.ads('SELECT * FROM ads.touches WHERE customer_id = $1', [id]),
      world.crm('SELECT c.*, p.name AS city FROM crm.customers c JOIN crm.cities p USING (city_id) WHERE customer_id = $1', [id]),
    ]);
    const { data, whole } = await profile({ customer: String(id), reason }, identified);
    expect(data).toMatchObject({
      customerId: id,
      matchedBy: 'id',
      name: [person?.first_name, person?.last_name].filter((part) => part !== null).join(' '),
      email: person?.email,
      phone: person?.phone,
      document: person?.document,
      segment: person?.segment,
      potential: person?.potential,
      clientId: person?.client_id,
      city: person?.city,
      latitude: person?.latitude,
      longitude: person?.longitude,
    });
    const paid = orders.filter(({ status }) => status === 'paid');
    const revenue = cents(paid.reduce((total, { total_usd }) => total + Number(total_usd), 0));
    expect(data.value).toMatchObject({ revenue, averageOrder: cents(revenue / paid.length) });
    const stages = leads.flatMap((lead) =>
      ['created_at', 'contacted_at', 'qualified_at', 'proposal_at', 'closed_at'].flatMap((stage) =>
        lead[stage] === null ? [] : [{ at: lead[stage] as Date, kind: 'lead', id: Number(lead.lead_id) }],
      ),
    );
    const campaigns = new Set(
      [...touches, ...leads, ...paid].map(({ campaign_id }) => campaign_id).filter((campaign) => campaign !== null),
    );
    expect(data.counts).toEqual({
      leads: leads.length,
      leadsWon: leads.filter(({ stage }) => stage === 'won').length,
      ordersPaid: paid.length,
      ordersRefunded: orders.filter(({ status }) => status === 'refunded').length,
      ordersCancelled: orders.filter(({ status }) => status === 'cancelled').length,
      touches: touches.length,
      interactions: interactions.length,
      campaigns: campaigns.size,
      events: stages.length + orders.length + touches.length + interactions.length,
    });
    const local = new Intl.DateTimeFormat('sv', { timeZone: TIME_ZONE, dateStyle: 'short', timeStyle: 'short' });
    const events = [
      ...stages,
      ...orders.map(({ ordered_at, order_id }) => ({ at: ordered_at as Date, kind: 'order', id: Number(order_id) })),
      ...touches.map(({ touched_at, touch_id }) => ({ at: touched_at as Date, kind: 'touch', id: Number(touch_id) })),
      ...interactions.map(({ occurred_at, interaction_id }) => ({
        at: occurred_at as Date,
        kind: 'interaction',
        id: Number(interaction_id),
      })),
    ].sort((one, other) => one.at.getTime() - other.at.getTime());
    const timeline = data.timeline as { at: string; kind: string; id: number }[];
    expect(timeline.map(({ at }) => at)).toEqual(events.slice(-50).map(({ at }) => local.format(at)));
    const named = ({ at, kind, id }: { at: string | Date; kind: string; id: number }): string =>
      `${typeof at === 'string' ? at : local.format(at)} ${kind} ${id}`;
    const all = new Set(events.map(named));
    expect(timeline.filter((event) => !all.has(named(event)))).toEqual([]);
    expect(whole.page).toEqual({ returned: Math.min(50, events.length), total: events.length, nextCursor: null });
    for (const campaign of data.campaigns as { campaignId: string; touches: number; leads: number; orders: number; revenue: number }[]) {
      const of = (rows: readonly Data[]) => rows.filter(({ campaign_id }) => campaign_id === campaign.campaignId);
      expect(campaign).toMatchObject({
        touches: of(touches).length,
        leads: of(leads).length,
        orders: of(paid).length,
        revenue: cents(of(paid).reduce((total, { total_usd }) => total + Number(total_usd), 0)),
      });
    }
  });

  it('shows the latest 50 events of a longer history, and counts them all', async () => {
    const id = await busiest();
    await world.hub(
      `INSERT INTO crm.interactions SELECT 900000 + g, $1, 'call', 'neutral', timestamptz '2026-11-20 12:00Z' + g * interval '1 minute' FROM generate_series(1, 60) g`,
      [id],
    );
    try {
      const { data, whole } = await profile({ customer: String(id) });
      const timeline = data.timeline as { id: number }[];
      expect(timeline.map((event) => event.id)).toEqual(Array.from({ length: 50 }, (_, at) => 900_011 + at));
      expect(whole.page).toMatchObject({ returned: 50, total: (data.counts as { events: number }).events });
      expect((data.counts as { events: number }).events).toBeGreaterThan(60);
    } finally {
      await world.hub('DELETE FROM crm.interactions WHERE interaction_id > 900000');
    }
  });

  it('reads as before (snapshot)', async () => {
    const { text, whole } = await profile({ customer: String(await busiest()) });
    expect({ text, whole }).toMatchSnapshot();
  });

  it('masks what identifies a person without crm:pii, in text and data (S5)', async () => {
    const people = await world.crm('SELECT * FROM crm.customers ORDER BY customer_id LIMIT 40');
    for (const person of people) {
      const { data, text, whole } = await profile({ customer: String(person.customer_id), reason });
      const written = `${text}${JSON.stringify(whole)}`;
      for (const secret of [person.email, person.phone, person.document, person.last_name, person.latitude, person.longitude]) {
        if (secret !== null) expect(written).not.toContain(String(secret));
      }
      expect(data.name).toMatch(/^\p{L}•/u);
      expect([data.latitude, data.longitude]).toEqual([null, null]);
      expect(data.basis).toMatchObject({ masked: true });
    }
  });

  it('finds customers by their exact contact, however it is written', async () => {
    const [person] = await world.crm(
      `SELECT * FROM crm.customers WHERE customer_type = 'person' AND phone LIKE '+506%' ORDER BY customer_id LIMIT 1`,
    );
    const email = String(person?.email);
    const id = Number(person?.customer_id);
    const phone = String(person?.phone);
    const asked = [
      ['email', email],
      ['email', ` ${email.toUpperCase()}`],
      ['phone', phone],
      ['phone', phone.replace('+', '00').replaceAll(' ', '-')],
      ['document', String(person?.document)],
      ['document', String(person?.document).replaceAll('-', ' ')],
    ] as const;
    for (const [matchedBy, correo] of asked) expect((await profile({ correo })).data, correo).toMatchObject({ customerId: id, matchedBy });

    world.statements();
    const missing = await refusal(getCustomerProfile.name, { customer: 'nobody.at.all@example.com' });
    expect(missing).toMatchObject({ class: 'not_found', message: 'No customer has this email.' });
    const ran = world.statements().map(({ values }) => JSON.stringify(values));
    expect(ran.join()).not.toContain('nobody');
  });

  it('asks which one is meant when several share a contact', async () => {
    const [one] = await world.hub('SELECT customer_id FROM crm.identities WHERE phone_hash IS NOT NULL ORDER BY customer_id LIMIT 1');
    const [person] = await world.crm('SELECT phone FROM crm.customers WHERE customer_id = $1', [one?.customer_id]);
    await world.hub(
      `INSERT INTO crm.identities (customer_id, sealed, hash_key, phone_hash)
       SELECT 999999999, sealed, hash_key, phone_hash FROM crm.identities WHERE customer_id = $1`,
      [one?.customer_id],
    );
    try {
      expect(await refusal(getCustomerProfile.name, { customer: person?.phone })).toMatchObject({
        class: 'ambiguous',
        candidates: [{ customerId: String(one?.customer_id) }, { customerId: '999999999' }],
      });
    } finally {
      await world.hub('DELETE FROM crm.identities WHERE customer_id = 999999999');
    }
  });

  it.each([
    ['999999999', 'not_found'],
    ['María Mora', 'invalid_input'],
    ['', 'invalid_input'],
  ])('refuses %j as %s', async (customer, errorClass) => {
    expect(await refusal(getCustomerProfile.name, { customer })).toMatchObject({ class: errorClass });
  });

  it('with crm:pii wants a reason, writes the reading down, and shows nothing when that fails', async () => {
    const id = await busiest();
    const before = (await auditLines()).length;
    expect(await refusal(getCustomerProfile.name, { customer: String(id) }, identified)).toMatchObject({ class: 'invalid_input' });
    await profile({ customer: String(id), reason }, identified);
    expect((await auditLines()).slice(before)).toEqual([
      { actor: 'ana', action: getCustomerProfile.name, subject: `customer:${id}`, reason, details: { foundBy: 'id' } },
    ]);
    await world.hub('REVOKE EXECUTE ON FUNCTION access.record_read(text, text, text[], text, jsonb) FROM promptsales_read');
    try {
      const error = await refusal(getCustomerProfile.name, { customer: String(id), reason }, identified);
      expect(error.class).toBe('unavailable');
    } finally {
      await world.hub('GRANT EXECUTE ON FUNCTION access.record_read(text, text, text[], text, jsonb) TO promptsales_read');
    }
  });
});

describe('the hub', () => {
  const plan = async (text: string, values: readonly unknown[], isGeneric: boolean): Promise<string> => {
    const literal = (value: unknown): string =>
      value === null
        ? 'NULL'
        : Buffer.isBuffer(value)
          ? `'\\x${value.toString('hex')}'`
          : Array.isArray(value)
            ? `'{${value.map((one) => (Buffer.isBuffer(one) ? `"\\\\x${one.toString('hex')}"` : String(one))).join()}}'`
            : typeof value === 'number'
              ? String(value)
              : `'${String(value).replaceAll("'", "''")}'`;
    const rows = await world.hub(
      `SET plan_cache_mode = ${isGeneric ? 'force_generic_plan' : 'force_custom_plan'}; PREPARE planned AS ${text};
       EXPLAIN EXECUTE planned${values.length === 0 ? '' : `(${values.map(literal).join(', ')})`}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it('never reads all customers, known circle or not', async () => {
    const id = '17';
    world.statements();
    await nearby({ place: 'Heredia', radiusKm: 3 });
    await nearby({ ...SAN_JOSE, radiusKm: 15, segment: 'vip', reason }, identified);
    await profile({ customer: id });
    await profile({ customer: '+506 8888 7777' }).catch(() => undefined);
    const asked = new Map(world.statements().map((one) => [one.statement.name, one]));
    expect([...asked.keys()].sort()).toEqual(
      expect.arrayContaining(['customers_nearby', 'customer_by_id', 'customer_history_events', 'customers_by_contact']),
    );
    for (const { statement, values } of asked.values()) {
      for (const isGeneric of [true, false]) {
        const text = await plan(statement.text, values, isGeneric);
        expect(text, `${statement.name}\n${text}`).not.toMatch(/Seq Scan on (customers|touches|orders|leads|interactions)/);
        if (/^customers_(nearby|in_box)$|^bands_of/.test(statement.name))
          expect(text).toContain('Index Only Scan using customers_position on customers');
      }
    }
  });

  it('gives identities, encrypted, of named customers only, at most 50 at a time', async () => {
    const asReader = (text: string) => world.reader.rows({ name: text.slice(0, 60), text }, [], (row) => row, deadlineIn(5_000));
    await expect(asReader('SELECT sealed FROM crm.identities')).rejects.toThrow('permission denied');
    await expect(asReader('SELECT sealed FROM crm.people(ARRAY[1, 2])')).resolves.toEqual([
      { sealed: expect.stringMatching(/^v1\./) },
      { sealed: expect.stringMatching(/^v1\./) },
    ]);
    await expect(asReader('SELECT * FROM crm.people(ARRAY(SELECT generate_series(1, 51)))')).rejects.toThrow('at most 50');
  });

  it('heard no complaint from the pipeline: every answer kept its contract', () => {
    expect(world.log.filter((line) => !line.includes('cannot be written down'))).toEqual([]);
  });
});
