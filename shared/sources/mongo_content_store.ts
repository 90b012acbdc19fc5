import type { Document } from 'mongodb';
import { z } from 'zod';
import { openMongo } from '../db/mongo_database.ts';
import { canonicalJson } from '../domain/canonical_json.ts';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import { idOf, plainDocument, storedDocument } from './bson_document.ts';
import type { SourceDocument } from './change_source.ts';
import { CampaignDocument, ClientDocument, GenerationLogDocument, ImageDocument } from './content_documents.ts';
import { type ContentStoreOptions, contentReader } from './content_reader.ts';
import { generationLogDocument, outsideRequestDocument } from './content_records.ts';
import type { ContentStore, ContentVersion, QuotaState, SaveVersionsOutcome } from './content_store.ts';
import { toCreative, toImage, toKeptGeneration, toPastMessages, toReserveOutcome, toSubscribedClient } from './content_values.ts';
import { projectionOf } from './document_projection.ts';
import { readImageChanges } from './image_changes.ts';
import { documentSourceIn } from './mongo_change_source.ts';
import { holding, plansOn, plansShown, reservation, settlement } from './mongo_content_store_updates.ts';

/** How often versions are tried when others write the same campaign in between. */
const MOST_SAVES = 5;

/** PromptContent on MongoDB 6 or later (database/mongodb). Connects at first use. */
export async function openMongoContentStore(url: string, options: ContentStoreOptions = {}): Promise<ContentStore> {
  const database = openMongo(url, {
    applicationName: 'promptsales content',
    called: 'PromptContent',
    setting: 'CONTENT_WRITER_DATABASE_URL',
    maxConnections: 8,
  });
  const changes = documentSourceIn(database);
  const reader = contentReader(options);

  const one = async <T>(collection: string, schema: z.ZodType<T>, id: string, deadline: Deadline): Promise<T | undefined> => {
    const found = await database.find(collection, { filter: { _id: id }, projection: projectionOf(schema), limit: 1 }, deadline);
    return reader.readOne(collection, schema, id, found.map(toSource));
  };
  const insert = (collection: string, id: string, document: Record<string, unknown>, deadline: Deadline): Promise<boolean> =>
    database.insertNew(collection, storedDocument(id, document), deadline);

  return {
    async campaign(campaignId, deadline) {
      const found = await one('campanas', CampaignDocument, campaignId, deadline);
      return found === undefined ? undefined : toCreative(found);
    },
    async client(clientId, deadline) {
      const found = await one('clientes', ClientDocument, clientId, deadline);
      return found === undefined ? undefined : toSubscribedClient(found);
    },
    async images(contentIds, deadline) {
      if (contentIds.length === 0) return [];
      const asked = { filter: { _id: { $in: [...contentIds] } }, projection: projectionOf(ImageDocument), limit: contentIds.length };
      const found = new Map((await database.find('imagenes', asked, deadline)).map((document) => [idOf(document._id), toSource(document)]));
      const inOrder = contentIds.flatMap((id) => found.get(id) ?? []);
      return reader.readable('imagenes', ImageDocument, inOrder).map(({ value }) => toImage(value));
    },
    imageChanges: (since, deadline) => readImageChanges(changes, reader, since, deadline),
    async lastMessages(campaignIds, limit, deadline) {
      const filter = { id_campana: { $in: [...campaignIds] } };
      const asked = { filter, projection: projectionOf(GenerationLogDocument), sort: { fecha: -1, _id: -1 } as const, limit };
      const found = (await database.find('logs_campanas', asked, deadline)).map(toSource);
      return reader.readable('logs_campanas', GenerationLogDocument, found).map(({ value }) => toPastMessages(value));
    },

    async quotas(clientId, today, deadline) {
      const asked = { filter: { _id: clientId }, projection: { _id: 0, plans: plansOn(today) }, limit: 1 };
      const [client] = await database.find('clientes', asked, deadline);
      return client === undefined ? [] : PlansRow.parse(client).plans.toSorted(byPlace).map(toQuota);
    },
    async reserve({ reservationId, clientId, feature, amount, today }, deadline) {
      if (!Number.isSafeInteger(amount) || amount < 1) throw new RangeError(`${amount} is no number of uses`);
      const stages = reservation({ reservationId, feature, amount, today });
      const client = await database.updated('clientes', { _id: clientId }, stages, plansShown(today), deadline);
      if (client === undefined) return { outcome: 'not_included', reason: 'no_such_client' };
      const { status, subscribed, plans } = TriedRow.parse(client);
      const asked = plans.filter((plan) => plan.feature === feature);
      const reserved = asked.find(({ open }) => open.some((entry) => entry.reservationId === reservationId));
      const plan = reserved ?? asked[0];
      return toReserveOutcome(
        { reservationId, clientId, feature },
        { clientStatus: status, subscribed, reserved: reserved !== undefined, plan: plan === undefined ? null : toQuota(plan) },
      );
    },
    settle: (held, kept, deadline) => database.update('clientes', holding(held), settlement(held, kept), deadline),

    async generation(logId, deadline) {
      const found = await one('logs_campanas', GenerationLogDocument, logId, deadline);
      return found === undefined ? undefined : toKeptGeneration(found);
    },
    recordGeneration: async (log, deadline) => insert('logs_campanas', log.logId, generationLogDocument(log), deadline),
    recordRequest: async (request, deadline) =>
      insert('bitacora_solicitudes', request.requestId, outsideRequestDocument(request), deadline),

    async saveVersions({ campaignId, versions, images, expectedUpdatedAt, at }, deadline) {
      const different = [...new Map(versions.map((version) => [canonicalJson(version), asJson(version)])).values()];
      const projection = { contentVersions: 1, usedImages: 1, updatedAt: 1 };
      for (let tries = 0; tries < MOST_SAVES; tries++) {
        const [found] = await database.find('campanas', { filter: { _id: campaignId }, projection, limit: 1 }, deadline);
        if (found === undefined) return { outcome: 'no_such_campaign' };
        const there = ThereRow.parse(plainDocument(found));
        const missing = {
          versions: different.filter((version) => !there.contentVersions.some((one) => contains(one, version))),
          images: [...new Set(images)].filter((image) => !there.usedImages.includes(image)),
        };
        const outcome: SaveVersionsOutcome = {
          outcome: 'saved',
          addedVersions: missing.versions.length,
          addedImages: missing.images.length,
          updatedAt: there.updatedAt,
        };
        if (missing.versions.length + missing.images.length === 0) return outcome;
        if (there.updatedAt.getTime() !== expectedUpdatedAt.getTime()) return { outcome: 'conflict', updatedAt: there.updatedAt };
        const updatedAt = new Date(Math.max(at.getTime(), there.updatedAt.getTime() + 1));
        const saved = await database.update(
          'campanas',
          // As it is stored, whatever its type: nobody has written since it was read.
          { _id: campaignId, updatedAt: found.updatedAt },
          {
            $addToSet: { contentVersions: { $each: missing.versions }, usedImages: { $each: missing.images } },
            $set: { updatedAt },
          } as Document,
          deadline,
        );
        if (saved) return { ...outcome, updatedAt };
      }
      throw new ToolError('unavailable', 'The campaign is being written by others just now; nothing was changed.', {
        remedy: 'Try again in a few seconds.',
        retryAfterSeconds: 3,
      });
    },

    close: () => database.close(),
  };
}

const Plan = z.object({
  place: z.number().int(),
  feature: z.string(),
  planId: z.string(),
  planName: z.string(),
  used: z.number().int().min(0),
  limit: z.number().int().min(0).nullable(),
  resetDate: z.iso.date(),
  open: z.array(z.object({ reservationId: z.string() })),
});
const PlansRow = z.object({ plans: z.array(Plan) });
const TriedRow = z.object({ status: z.string(), subscribed: z.boolean(), plans: z.array(Plan) });

const ThereRow = CampaignDocument.pick({ contentVersions: true, usedImages: true, updatedAt: true });

function byPlace(one: z.infer<typeof Plan>, other: z.infer<typeof Plan>): number {
  return one.place - other.place || (one.feature < other.feature ? -1 : 1);
}

function toQuota({ feature, planId, planName, used, limit, resetDate }: z.infer<typeof Plan>): QuotaState {
  return { feature, planId, planName, used, limit, resetDate };
}

function toSource(document: Document): SourceDocument {
  return { id: idOf(document._id), document: plainDocument(document) };
}

/** Without the fields that are undefined, as a database keeps it. */
function asJson(version: ContentVersion): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(version));
}

/** Whether a version that is there says all that the other says. */
function contains(there: Readonly<Record<string, unknown>>, version: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(version).every(([name, value]) => canonicalJson(there[name] ?? null) === canonicalJson(value));
}
