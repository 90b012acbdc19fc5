import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Deadline, deadlineIn } from '../../shared/domain/deadline.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import type { RefusedDocument } from '../../shared/sources/content_reader.ts';
import { callerInRecords } from '../../shared/sources/content_records.ts';
import type { ContentStore, GenerationLog, OutsideRequest, Reservation, ReserveOutcome } from '../../shared/sources/content_store.ts';
import { type ContentWorld, mongoContentWorld, postgresContentWorld } from '../support/content_world.ts';
import { campaignOf, clientOf, imageOf, query } from '../support/etl_databases.ts';
import { casesAreTold } from '../support/told_cases.ts';

const FEATURE = 'generacion_contenido';
const refused: RefusedDocument[] = [];
let world: ContentWorld;
let store: ContentStore;
/** Five stores with connections of their own, as so many servers have: one pool alone would let eight callers in at a time. */
let stores: readonly ContentStore[];

const soon = (): Deadline => deadlineIn(20_000);

type Usage = { used: number; limit: number | null; resetDate: string };

/** A client with one subscription a usage of the feature. */
async function clientWith(usages: readonly (Usage | undefined)[], more: { status?: string; subscription?: string } = {}): Promise<string> {
  const clientId = `CLI-${randomUUID().slice(0, 8)}`;
  const subscriptions = usages.map((usage, index) => ({
    planId: `PLAN-${index + 1}`,
    planName: `Plan ${index + 1}`,
    status: more.subscription ?? 'active',
    renewalDate: '2026-12-01',
    paymentStatus: 'paid',
    usageTracking: usage === undefined ? {} : { [FEATURE]: usage },
  }));
  await world.put('clientes', clientId, { ...clientOf(1, []), clientId, status: more.status ?? 'active', subscriptions });
  return clientId;
}

async function allAtOnce<T>(collection: string, id: string, count: number, write: (index: number) => Promise<T>): Promise<T[]> {
  const writes = Array.from({ length: count }, (_, index) => () => write(index));
  return await world.atOnce(collection, id, 8 * stores.length, writes);
}

let asked = 0;
const ask = (clientId: string, amount = 1, today = '2026-02-10', reservationId: string = randomUUID()): Promise<ReserveOutcome> =>
  storeOf(asked++).reserve({ reservationId, clientId, feature: FEATURE, amount, today }, soon());

async function reserved(clientId: string, amount = 1, today = '2026-02-10'): Promise<Reservation> {
  const outcome = await ask(clientId, amount, today);
  if (outcome.outcome !== 'reserved') throw new Error(`not reserved: ${outcome.outcome}`);
  return outcome.reservation;
}

async function usageOf(clientId: string, plan = 0): Promise<unknown> {
  const { subscriptions = [] } = ((await world.get('clientes', clientId)) ?? {}) as { subscriptions?: { usageTracking: object }[] };
  return new Map(Object.entries(subscriptions[plan]?.usageTracking ?? {})).get(FEATURE);
}

function storeOf(caller: number): ContentStore {
  const chosen = stores[caller % stores.length];
  if (chosen === undefined) throw new Error('no store is open');
  return chosen;
}

const log = (more: Partial<GenerationLog> = {}): GenerationLog => ({
  logId: randomUUID(),
  campaignId: 'CMP-1',
  clientId: 'CLI-1',
  campaignDescription: 'Zapatillas, escribanos a ventas@empresa.example.com',
  targetAudience: { edadMin: 18, correo: 'ana@example.com', nota: 'clave sk-proj-abcdef1234567890' },
  populations: [
    {
      population: { sexo: 'mujeres', contacto: 'ana.mora@example.co.cr' },
      messages: [{ text: 'Corré más', tone: 'cercano', hashtags: ['#trail'], images: ['IMG-1'], reason: 'les gusta correr' }],
    },
  ],
  model: 'gpt-5-mini',
  promptVersion: 'messages.3',
  promptHash: 'b7Q0',
  language: 'es-CR',
  channel: 'instagram',
  tokens: 1200,
  costUsd: '0.00123456789',
  costKnown: true,
  durationMs: 900,
  tool: 'generateCampaignMessages',
  caller: 'ana.mora@example.com',
  at: new Date('2026-02-10T18:00:00.000Z'),
  day: '2026-02-10',
  ...more,
});

const request = (more: Partial<OutsideRequest> = {}): OutsideRequest => ({
  requestId: randomUUID(),
  service: 'openai',
  request: { operation: 'chat.completions', model: 'gpt-5-mini', promptVersion: 'messages.3', promptHash: 'b7Q0' },
  response: { status: 200, finishReason: 'stop', responseId: 'chatcmpl-1' },
  result: 'ok',
  clientId: 'CLI-1',
  campaignId: 'CMP-1',
  tokens: 1200,
  costUsd: '0.00123456789',
  costKnown: true,
  durationMs: 850,
  tool: 'generateCampaignMessages',
  caller: 'claude-desktop',
  at: new Date('2026-02-10T18:00:00.000Z'),
  day: '2026-02-10',
  ...more,
});

/** MongoDB's cases run where one is at hand: docker/compose.yaml has one and the command that runs them on it. */
const MONGODB_URL = process.env.TEST_CONTENT_URL;
const WORLDS = [
  { engine: 'PostgreSQL', open: postgresContentWorld, missing: undefined },
  {
    engine: 'MongoDB',
    open: () => mongoContentWorld(MONGODB_URL ?? ''),
    missing: MONGODB_URL === undefined ? 'TEST_CONTENT_URL names no MongoDB' : undefined,
  },
];

for (const { engine, open, missing } of WORLDS) {
  describe.skipIf(missing !== undefined)(`PromptContent on ${engine}${missing === undefined ? '' : ` (${missing})`}`, () => {
    beforeAll(async () => {
      world = await open();
      const openStore = () => world.openStore({ onRefused: (document) => refused.push(document) });
      stores = await Promise.all([openStore(), openStore(), openStore(), openStore(), openStore()]);
      store = storeOf(0);
    });
    afterAll(async () => {
      await Promise.all((stores ?? []).map((one) => one.close()));
      await world?.stop();
    });
    beforeEach(() => {
      refused.length = 0;
    });

    contract();
    if (engine !== 'PostgreSQL') return;
    describe('the login', rightsOfTheLogin);
    casesAreTold('PromptContent');
  });
}

function contract(): void {
  describe('what a plan allows (T7)', () => {
    it('counts a use and tells how many are used, of how many, until when', async () => {
      const clientId = await clientWith([{ used: 3, limit: 5, resetDate: '2026-03-01' }]);
      expect(await ask(clientId, 2)).toMatchObject({
        outcome: 'reserved',
        used: 5,
        limit: 5,
        resetDate: '2026-03-01',
        reservation: { planId: 'PLAN-1' },
      });
      expect(await ask(clientId)).toEqual({ outcome: 'exhausted', planName: 'Plan 1', used: 5, limit: 5, resetDate: '2026-03-01' });
      expect(await store.quotas(clientId, '2026-02-10', soon())).toEqual([
        { feature: FEATURE, planId: 'PLAN-1', planName: 'Plan 1', used: 5, limit: 5, resetDate: '2026-03-01' },
      ]);
    });

    it('reserves all or none', async () => {
      const clientId = await clientWith([{ used: 3, limit: 5, resetDate: '2026-03-01' }]);
      expect(await ask(clientId, 3)).toMatchObject({ outcome: 'exhausted', used: 3 });
      expect(await usageOf(clientId)).toEqual({ used: 3, limit: 5, resetDate: '2026-03-01' });
    });

    it('lets exactly so many of fifty callers at the same moment through as are left', async () => {
      const clientId = await clientWith([{ used: 3, limit: 20, resetDate: '2026-03-01' }]);
      const outcomes = await allAtOnce('clientes', clientId, 50, () => ask(clientId));
      const used = outcomes.flatMap((outcome) => (outcome.outcome === 'reserved' ? [outcome.used] : [])).sort((a, b) => a - b);
      expect(used).toEqual(Array.from({ length: 17 }, (_, index) => 4 + index));
      expect(outcomes.filter(({ outcome }) => outcome === 'exhausted')).toHaveLength(33);
      expect(await usageOf(clientId)).toMatchObject({ used: 20, open: expect.objectContaining({ length: 17 }) });
    });

    it('comes out even when fifty callers reserve, keep and give back at the same moment', async () => {
      const clientId = await clientWith([{ used: 0, limit: null, resetDate: '2026-03-01' }]);
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const reservation = await reserved(clientId, 3);
          expect(await storeOf(index).settle(reservation, index % 2 === 0 ? 0 : 2, soon())).toBe(true);
        }),
      );
      expect(await usageOf(clientId)).toEqual({ used: 50, limit: null, resetDate: '2026-03-01', open: [] });
    });

    it('begins anew on the reset date, once, whoever comes first, and moves the date on by whole months', async () => {
      const clientId = await clientWith([{ used: 20, limit: 20, resetDate: '2026-03-01' }]);
      expect(await ask(clientId, 1, '2026-02-28')).toMatchObject({ outcome: 'exhausted' });
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => ask(clientId, 1, '2026-03-01')));
      expect(outcomes.filter(({ outcome }) => outcome === 'reserved')).toHaveLength(20);
      expect(await usageOf(clientId)).toMatchObject({ used: 20, resetDate: '2026-04-01' });
    });

    it.each([
      ['2026-01-31', '2026-01-31', '2026-02-28'],
      ['2026-01-15', '2026-03-14', '2026-03-15'],
      ['2026-01-15', '2026-03-15', '2026-04-15'],
      ['2025-11-30', '2026-02-27', '2026-02-28'],
      ['2025-11-30', '2026-02-28', '2026-03-30'],
      ['2020-12-01', '2026-12-31', '2027-01-01'],
    ])('a reset due on %s and asked for on %s is next due on %s', async (resetDate, today, next) => {
      const clientId = await clientWith([{ used: 5, limit: 5, resetDate }]);
      expect(await store.quotas(clientId, today, soon())).toMatchObject([{ used: 0, resetDate: next }]);
      expect(await ask(clientId, 1, today)).toMatchObject({ outcome: 'reserved', used: 1, resetDate: next });
      expect(await usageOf(clientId)).toMatchObject({ used: 1, resetDate: next });
    });

    it('gives back once, however often it is asked to', async () => {
      const clientId = await clientWith([{ used: 1, limit: 5, resetDate: '2026-03-01' }]);
      const reservation = await reserved(clientId, 3);
      const answers = await Promise.all(Array.from({ length: 8 }, (_, caller) => storeOf(caller).settle(reservation, 0, soon())));
      expect(answers.filter((closed) => closed)).toHaveLength(1);
      expect(await usageOf(clientId)).toMatchObject({ used: 1, open: [] });
    });

    it('gives nothing back of what was kept, nor more than was reserved', async () => {
      const clientId = await clientWith([{ used: 1, limit: 9, resetDate: '2026-03-01' }]);
      const kept = await reserved(clientId, 3);
      expect(await store.settle(kept, 3, soon())).toBe(true);
      expect(await store.settle(kept, 0, soon())).toBe(false);
      const more = await reserved(clientId, 2);
      expect(await store.settle(more, 99, soon())).toBe(true);
      expect(await usageOf(clientId)).toMatchObject({ used: 6, open: [] });
    });

    it('gives nothing back of a month that is over', async () => {
      const clientId = await clientWith([{ used: 0, limit: 5, resetDate: '2026-03-01' }]);
      const old = await reserved(clientId, 4, '2026-02-28');
      await reserved(clientId, 2, '2026-03-01');
      expect(await store.settle(old, 0, soon())).toBe(false);
      expect(await usageOf(clientId)).toMatchObject({ used: 2 });
    });

    it('counts a reservation that is asked for again once', async () => {
      const clientId = await clientWith([{ used: 0, limit: 5, resetDate: '2026-03-01' }]);
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => ask(clientId, 5, '2026-02-10', 'the same')));
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => 'reserved'));
      expect(await usageOf(clientId)).toMatchObject({ used: 5, open: [{ reservationId: 'the same', amount: 5 }] });
    });

    it('takes the next subscription when the first is used up, and knows which to give back to', async () => {
      const clientId = await clientWith([
        { used: 5, limit: 5, resetDate: '2026-03-01' },
        { used: 0, limit: 5, resetDate: '2026-03-01' },
      ]);
      const reservation = await reserved(clientId);
      expect(reservation.planId).toBe('PLAN-2');
      await store.settle(reservation, 0, soon());
      expect([await usageOf(clientId, 0), await usageOf(clientId, 1)]).toMatchObject([{ used: 5 }, { used: 0 }]);
    });

    it('says why a feature is not included', async () => {
      const usage = { used: 0, limit: 5, resetDate: '2026-03-01' };
      const outcomes = await Promise.all([
        ask('CLI-NOBODY'),
        clientWith([usage], { status: 'suspended', subscription: 'past_due' }).then((id) => ask(id)),
        clientWith([usage], { subscription: 'cancelled' }).then((id) => ask(id)),
        clientWith([undefined]).then((id) => ask(id)),
        clientWith([{ ...usage, limit: 0 }]).then((id) => ask(id)),
      ]);
      expect(outcomes).toEqual(
        ['no_such_client', 'client_not_active', 'no_active_subscription', 'not_in_plan', 'not_in_plan'].map((reason) => ({
          outcome: 'not_included',
          reason,
        })),
      );
    });

    it('refuses an amount that is no number of uses', async () => {
      const clientId = await clientWith([{ used: 0, limit: 5, resetDate: '2026-03-01' }]);
      await expect(ask(clientId, 0)).rejects.toThrow(RangeError);
      await expect(ask(clientId, -3)).rejects.toThrow(RangeError);
    });
  });

  describe('content versions of a campaign', () => {
    const versions = [
      {
        contentId: 'IMG-7',
        platform: 'instagram',
        type: 'mensaje',
        messageId: 'MSG-1',
        text: 'Corré más',
        headline: 'Trail',
        hashtags: ['#trail'],
        images: ['IMG-7', 'IMG-1'],
      },
      { contentId: 'IMG-8', platform: 'facebook', type: 'mensaje', messageId: 'MSG-2', text: 'Subí', hashtags: [] },
    ];
    const at = new Date('2026-02-10T12:00:00.000Z');
    const seen = async (campaignId = 'CMP-1'): Promise<Date> => {
      const campaign = await store.campaign(campaignId, soon());
      if (campaign === undefined) throw new Error(`no campaign ${campaignId}`);
      return campaign.updatedAt;
    };
    const save = async (expectedUpdatedAt: Date, more: object = {}) =>
      await storeOf(asked++).saveVersions(
        { campaignId: 'CMP-1', versions, images: ['IMG-1', 'IMG-7', 'IMG-7'], expectedUpdatedAt, at, ...more },
        soon(),
      );

    beforeEach(async () => {
      await world.put('campanas', 'CMP-1', { ...campaignOf(1), clientId: 'CLI-1' });
    });

    it('adds what is not there yet, and keeps everything else of the document', async () => {
      expect(await save(await seen())).toEqual({ outcome: 'saved', addedVersions: 2, addedImages: 1, updatedAt: at });
      expect(await store.campaign('CMP-1', soon())).toEqual({
        campaignId: 'CMP-1',
        clientId: 'CLI-1',
        name: 'Campaña 1',
        description: 'Zapatillas de montaña',
        targetAudience: { edadMin: 18 },
        message: 'Corré más',
        versions: [{ contentId: 'IMG-1', platform: 'instagram', type: 'image' }, ...versions],
        usedImages: ['IMG-1', 'IMG-7'],
        status: 'active',
        updatedAt: at,
      });
      expect(await world.get('campanas', 'CMP-1')).toMatchObject({
        createdAt: '2026-01-01T08:00:00.123Z',
        updatedAt: '2026-02-10T12:00:00.000Z',
      });
    });

    it('is saved once when it is asked for again, and says so', async () => {
      const before = await seen();
      await save(before);
      expect(await save(before)).toEqual({ outcome: 'saved', addedVersions: 0, addedImages: 0, updatedAt: at });
      expect((await store.campaign('CMP-1', soon()))?.versions).toHaveLength(3);
    });

    it('changes nothing of a campaign that somebody else wrote meanwhile', async () => {
      const before = await seen();
      const campaign = await world.get('campanas', 'CMP-1');
      await world.put('campanas', 'CMP-1', { ...campaign, updatedAt: '2026-02-09T00:00:00Z', name: 'Otra' });
      expect(await save(before)).toEqual({ outcome: 'conflict', updatedAt: new Date('2026-02-09T00:00:00Z') });
      expect(await store.campaign('CMP-1', soon())).toMatchObject({ name: 'Otra', usedImages: ['IMG-1'] });
    });

    it('lets one of twenty different saves at the same moment win', async () => {
      const before = await seen();
      const outcomes = await allAtOnce('campanas', 'CMP-1', 20, (index) =>
        save(before, { versions: [{ contentId: `IMG-${100 + index}`, platform: 'tiktok', type: 'video' }] }),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'saved')).toHaveLength(1);
      expect(outcomes.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(19);
      expect((await store.campaign('CMP-1', soon()))?.versions).toHaveLength(2);
    });

    it('moves updatedAt on even within one millisecond and with a clock that lags', async () => {
      const before = await seen();
      const outcome = await save(before, { at: new Date('2020-01-01T00:00:00Z') });
      expect(outcome).toMatchObject({ outcome: 'saved', updatedAt: new Date(before.getTime() + 1) });
    });

    it('tells a campaign that does not exist', async () => {
      expect(await save(at, { campaignId: 'CMP-NONE' })).toEqual({ outcome: 'no_such_campaign' });
      expect(await store.campaign('CMP-NONE', soon())).toBeUndefined();
    });
  });

  describe('records', () => {
    const recordOf = async (collection: string, id: string): Promise<string> => JSON.stringify(await world.get(collection, id));

    it('are one record when the same id comes twice, also at the same moment, and the first stays', async () => {
      const [one, other] = [log(), request()];
      const answers = await Promise.all(Array.from({ length: 10 }, (_, caller) => storeOf(caller).recordGeneration(one, soon())));
      expect(answers.filter((isNew) => isNew)).toHaveLength(1);
      expect(await store.recordRequest(other, soon())).toBe(true);
      expect(await store.recordRequest({ ...other, tokens: 9 }, soon())).toBe(false);
      expect(await world.get('bitacora_solicitudes', other.requestId)).toMatchObject({ tokens_consumidos: 1200 });
    });

    it('hold no e-mail address, no key and no field named after one, and the messages as they are', async () => {
      const written = log();
      await store.recordGeneration(written, soon());
      const text = await recordOf('logs_campanas', written.logId);
      expect(text).not.toMatch(/@|sk-proj|correo"/);
      expect(JSON.parse(text)).toMatchObject({
        id_campana: 'CMP-1',
        id_cliente: 'CLI-1',
        descripcion_campana: 'Zapatillas, escribanos a [e-mail]',
        publico_meta: { edadMin: 18, nota: 'clave [secret]' },
        mensajes_poblacion: [
          { poblacion: { sexo: 'mujeres', contacto: '[e-mail]' }, mensajes: [{ texto: 'Corré más', imagenes: ['IMG-1'] }] },
        ],
        generacion_metadata: {
          usuario: callerInRecords('Ana.Mora@example.com'),
          version_prompt: 'messages.3',
          hash_prompt: 'b7Q0',
          costo_usd: '0.00123456789',
        },
      });
    });

    it('take of a request and its response only what is listed, whatever else the objects hold', async () => {
      const leaking = request();
      Object.assign(leaking.request, { authorization: 'Bearer abc', prompt: 'Sos redactora de anuncios', headers: { 'x-api-key': 'k' } });
      Object.assign(leaking.response, { body: 'whole answer' });
      await store.recordRequest(leaking, soon());
      const text = await recordOf('bitacora_solicitudes', leaking.requestId);
      expect(JSON.parse(text)).toMatchObject({
        servicio_utilizado: 'openai',
        request: { operacion: 'chat.completions', modelo: 'gpt-5-mini', version_prompt: 'messages.3', hash_prompt: 'b7Q0', textos: null },
        response: { estado: 200, motivo_fin: 'stop', id_respuesta: 'chatcmpl-1' },
        resultado: 'ok',
        tiempo_respuesta_ms: 850,
        costo_conocido: true,
        tokens_ahorrados: 0,
        costo_ahorrado_usd: '0',
      });
      expect(text).not.toMatch(/Bearer|redactora|api-key|whole answer/);
    });

    it('tell what an answer from the cache saved, and that a cost is not known', async () => {
      const kept = request({ result: 'from_cache', tokens: 0, costUsd: '0', saved: { tokens: 1200, costUsd: '0.0012' }, costKnown: false });
      await store.recordRequest(kept, soon());
      const text = await recordOf('bitacora_solicitudes', kept.requestId);
      expect(JSON.parse(text)).toMatchObject({
        resultado: 'from_cache',
        tokens_consumidos: 0,
        costo_usd: '0',
        tokens_ahorrados: 1200,
        costo_ahorrado_usd: '0.0012',
        costo_conocido: false,
      });
      await expect(store.recordRequest(request({ result: 'from_cache' }), soon())).rejects.toThrow('from_cache');
    });

    it('of a generation can be read again by their id, with what was asked, the channel and the headline', async () => {
      const [{ population, messages: [message] = [] } = { population: null }] = log().populations;
      if (message === undefined) throw new Error('the log has no message');
      const written = log({
        requestHash: 'q1w2',
        populations: [{ population, messages: [{ ...message, headline: 'Corré en la montaña' }] }],
      });
      await store.recordGeneration(written, soon());
      expect(await store.generation(written.logId, soon())).toEqual({
        logId: written.logId,
        campaignId: 'CMP-1',
        populations: [
          {
            population: { sexo: 'mujeres', contacto: '[e-mail]' },
            messages: [{ ...message, headline: 'Corré en la montaña' }],
          },
        ],
        model: 'gpt-5-mini',
        promptVersion: 'messages.3',
        promptHash: 'b7Q0',
        language: 'es-CR',
        channel: 'instagram',
        tokens: 1200,
        costUsd: '0.00123456789',
        costKnown: true,
        requestHash: 'q1w2',
        writtenAt: written.at,
      });
      expect(await store.generation('LOG-NONE', soon())).toBeUndefined();
    });

    it('of a generation from before there were keys and headlines are read without them', async () => {
      const written = log({ channel: undefined });
      await store.recordGeneration(written, soon());
      const { generacion_metadata: metadata, dia, ...record } = (await world.get('logs_campanas', written.logId)) ?? {};
      const { hash_solicitud: _hash, canal: _channel, ...older } = metadata as Record<string, unknown>;
      await world.put('logs_campanas', written.logId, { ...record, dia, generacion_metadata: older });
      const kept = await store.generation(written.logId, soon());
      expect(kept).toMatchObject({ requestHash: undefined, channel: undefined });
      expect(kept?.populations[0]?.messages[0]).not.toHaveProperty('headline');
      await world.putBroken('logs_campanas', written.logId, { ...record, generacion_metadata: older });
      await expect(store.generation(written.logId, soon())).rejects.toThrow(ToolError);
    });

    it('are refused with impossible figures', async () => {
      await expect(store.recordRequest(request({ tokens: -1 }), soon())).rejects.toThrow('tokens_consumidos');
      await expect(store.recordGeneration(log({ costUsd: '1e-7' }), soon())).rejects.toThrow('costo_usd');
    });

    it('give the last messages of campaigns, the newest first', async () => {
      for (const hour of [10, 12, 11]) {
        await store.recordGeneration(log({ campaignId: `CMP-${hour}`, at: new Date(`2026-02-11T${hour}:00:00Z`) }), soon());
      }
      const last = await store.lastMessages(['CMP-10', 'CMP-11', 'CMP-12', 'CMP-99'], 2, soon());
      expect(last.map(({ campaignId }) => campaignId)).toEqual(['CMP-12', 'CMP-11']);
      expect(last[0]?.populations[0]?.messages[0]).toEqual({
        text: 'Corré más',
        tone: 'cercano',
        hashtags: ['#trail'],
        images: ['IMG-1'],
        reason: 'les gusta correr',
      });
    });
  });

  describe('images and clients', () => {
    beforeEach(async () => {
      await world.removeAll('imagenes');
      for (const number of [1, 2, 3]) await world.put('imagenes', `IMG-${number}`, imageOf(number));
    });

    it('come in the order of the ids; a broken one is left out and told', async () => {
      await world.putBroken('imagenes', 'IMG-2', { ...imageOf(2), descripcion: 7 });
      const found = await store.images(['IMG-3', 'IMG-2', 'IMG-9', 'IMG-1'], soon());
      expect(found.map(({ contentId }) => contentId)).toEqual(['IMG-3', 'IMG-1']);
      expect(found[1]).toMatchObject({
        url: 'https://cdn.example.com/1.jpg',
        format: 'jpg',
        approved: true,
        campaignIds: ['CMP-1'],
        vectorId: null,
      });
      expect(refused).toEqual([{ collection: 'imagenes', id: 'IMG-2', reason: expect.stringContaining('descripcion') }]);
    });

    it('come all the first time, afterwards only what was written or deleted since', async () => {
      const all = await store.imageChanges(null, soon());
      expect(all).toMatchObject({ mode: 'snapshot', deletedIds: [] });
      expect(all.images.map(({ contentId }) => contentId).sort()).toEqual(['IMG-1', 'IMG-2', 'IMG-3']);
      await world.put('imagenes', 'IMG-2', { ...imageOf(2), descripcion: 'Otra' });
      await world.remove('imagenes', 'IMG-3');
      const since = await store.imageChanges(all.position, soon());
      expect(since).toMatchObject({ mode: 'delta', images: [{ contentId: 'IMG-2', description: 'Otra' }], deletedIds: ['IMG-3'] });
      expect(await store.imageChanges(since.position, soon())).toMatchObject({ mode: 'delta', images: [], deletedIds: [] });
    });

    it('a client comes with its plans and without its address and telephone', async () => {
      const clientId = await clientWith([
        { used: 0, limit: 5, resetDate: '2026-03-01' },
        { used: 0, limit: 0, resetDate: '2026-03-01' },
      ]);
      const client = await store.client(clientId, soon());
      expect(client).toMatchObject({
        clientId,
        company: 'Empresa 1',
        subscriptions: [{ planId: 'PLAN-1', features: [FEATURE] }, { features: [] }],
      });
      expect(JSON.stringify(client)).not.toMatch(/@|\+506/);
      expect(client?.restrictions).toEqual({ words: [], claims: [] });
      await world.putBroken('clientes', 'CLI-BROKEN', { clientId: 'CLI-BROKEN' });
      await expect(store.client('CLI-BROKEN', soon())).rejects.toThrow(ToolError);
    });
  });

  describe('what somebody else writes about an image', () => {
    const broken: readonly (readonly [string, object])[] = [
      ['an address that runs a script', { url_imagen: 'javascript:alert(1)' }],
      ['an address without encryption', { url_imagen: 'http://cdn.example.com/1.jpg' }],
      ['an address with a login in it', { url_thumbnail: 'https://ana:clave@cdn.example.com/1.jpg' }],
      ['an address that ends a quoted attribute', { url_thumbnail: 'https://cdn.example.com/1.jpg" onerror="alert(1)' }],
      ['an address that is too long', { url_imagen: `https://cdn.example.com/${'a'.repeat(2_048)}` }],
      ['a script', { descripcion: 'Corredora <script>alert(1)</script>' }],
      ['a description without end', { descripcion: 'a'.repeat(5_001) }],
      ['hashtags without end', { hashtags: Array.from({ length: 101 }, (_, index) => `#${index}`) }],
    ];
    const takesNot = /imagenes_document|failed validation/;

    it.each(broken)('is refused when it has %s', async (_, part) => {
      await world.put('imagenes', 'IMG-1', imageOf(1));
      await expect(world.put('imagenes', 'IMG-1', { ...imageOf(1), ...part })).rejects.toThrow(takesNot);
      expect(await store.images(['IMG-1'], soon())).toMatchObject([{ url: imageOf(1).url_imagen, description: imageOf(1).descripcion }]);
    });

    it('is refused when it comes under another id than its own, which another image may have', async () => {
      await expect(world.put('imagenes', 'IMG-1', imageOf(2))).rejects.toThrow(takesNot);
    });

    it('is shown to nobody where it is there already', async () => {
      const ids = broken.map((_, index) => `IMG-${10 + index}`);
      for (const [index, [, part]] of broken.entries()) {
        await world.putBroken('imagenes', `IMG-${10 + index}`, { ...imageOf(10 + index), ...part });
      }
      expect(await store.images(ids, soon())).toEqual([]);
      expect(refused.map(({ id }) => id)).toEqual(ids);
    });
  });

  describe('the ETL', () => {
    const held = () => world.hub(`SELECT content_id AS id, description FROM content.images ORDER BY 1`);
    const saying = (number: number, descripcion: string) => world.put('imagenes', `IMG-${number}`, { ...imageOf(number), descripcion });

    it('brings a changed, a new and a deleted image to the hub within one round, and refuses a broken one', async () => {
      await world.removeAll('imagenes');
      for (const number of [1, 2, 3]) await saying(number, 'al principio');
      await world.loadHub();
      expect(await held()).toEqual([1, 2, 3].map((number) => ({ id: `IMG-${number}`, description: 'al principio' })));
      await saying(2, 'otra vez');
      await saying(4, 'nueva');
      await world.remove('imagenes', 'IMG-1');
      await world.putBroken('imagenes', 'IMG-5', imageOf(6));
      await world.loadHub();
      expect(await held()).toEqual([
        { id: 'IMG-2', description: 'otra vez' },
        { id: 'IMG-3', description: 'al principio' },
        { id: 'IMG-4', description: 'nueva' },
      ]);
      const letters = `SELECT row_key FROM etl.dead_letters WHERE table_name = 'content.images' AND resolved_at IS NULL`;
      expect(await world.hub(letters)).toEqual([{ row_key: 'IMG-5' }]);
      const [last] = await world.hub(`SELECT mode FROM etl.runs WHERE table_name = 'content.images' ORDER BY run_id DESC LIMIT 1`);
      expect(last).toEqual({ mode: 'delta' });
    });
  });

  describe('what a client must not be made to say', () => {
    const of = async (restricciones: unknown) => {
      const clientId = await clientWith([]);
      await world.putBroken('clientes', clientId, { ...clientOf(1, []), clientId, restricciones });
      return await store.client(clientId, soon());
    };

    it('comes with the client, and is nothing where the document lacks it', async () => {
      expect((await of({ palabras: ['barato'], afirmaciones: ['cura milagrosa'] }))?.restrictions).toEqual({
        words: ['barato'],
        claims: ['cura milagrosa'],
      });
      expect((await of({ palabras: ['barato'] }))?.restrictions).toEqual({ words: ['barato'], claims: [] });
      expect((await of(null))?.restrictions).toEqual({ words: [], claims: [] });
    });

    it('is never taken for nothing when it cannot be read', async () => {
      await expect(of({ palabras: 'barato' })).rejects.toThrow(ToolError);
    });
  });

  describe('a database that does not answer', () => {
    it('is told as such, by reads, writes and changes', async () => {
      const nowhere = await world.openNowhere();
      try {
        const asked = { reservationId: 'R', clientId: 'CLI-1', feature: FEATURE, amount: 1, today: '2026-02-10' } as const;
        const answers = await Promise.allSettled([
          nowhere.campaign('CMP-1', soon()),
          nowhere.reserve(asked, soon()),
          nowhere.recordRequest(request(), soon()),
          nowhere.imageChanges(null, soon()),
        ]);
        const unavailable = { status: 'rejected', reason: { name: 'ToolError', errorClass: 'unavailable' } };
        expect(answers).toMatchObject([unavailable, unavailable, unavailable, unavailable]);
      } finally {
        await nowhere.close();
      }
    });

    it('counts a reservation once when the answer is lost and the same is asked for again', async () => {
      const clientId = await clientWith([{ used: 0, limit: 5, resetDate: '2026-03-01' }]);
      const first = ask(clientId, 2, '2026-02-10', 'lost');
      await world.cutConnections();
      await first.catch(() => undefined);
      expect(await ask(clientId, 2, '2026-02-10', 'lost')).toMatchObject({ outcome: 'reserved', used: 2 });
    });
  });
}

function rightsOfTheLogin(): void {
  it.each([
    ['delete', `DELETE FROM content.logs_campanas`],
    ['change a record', `UPDATE content.logs_campanas SET document = '{}'`],
    ['read the requests', `SELECT document FROM content.bitacora_solicitudes`],
    ['move an id', `UPDATE content.campanas SET id = 'X'`],
    ['write an image', `UPDATE content.imagenes SET document = '{}'`],
    ['read credentials', `SELECT document FROM content.credenciales_cifradas`],
    ['forge a change', `INSERT INTO tracking.truncations (table_name) VALUES ('imagenes')`],
  ])('may not %s', async (_, statement) => {
    await expect(query(world.url, statement)).rejects.toThrow(/permission denied/);
  });
}
