import { z } from 'zod';
import { openPostgres } from '../db/postgres_database.ts';
import type { Statement } from '../db/sql_database.ts';
import { canonicalJson } from '../domain/canonical_json.ts';
import type { Deadline } from '../domain/deadline.ts';
import type { SourceDocument } from './change_source.ts';
import { CampaignDocument, ClientDocument, GenerationLogDocument, ImageDocument } from './content_documents.ts';
import { type ContentStoreOptions, contentReader } from './content_reader.ts';
import { generationLogDocument, outsideRequestDocument } from './content_records.ts';
import type { ContentStore } from './content_store.ts';
import { toCreative, toImage, toKeptGeneration, toPastMessages, toReserveOutcome, toSubscribedClient } from './content_values.ts';
import { readImageChanges } from './image_changes.ts';
import { postgresDocumentSource } from './postgres_change_source.ts';
import {
  CAMPAIGN,
  CLIENT,
  GENERATION,
  IMAGES,
  LAST_MESSAGES,
  QUOTAS,
  RECORD_GENERATION,
  RECORD_REQUEST,
  RESERVE,
  SAVE_VERSIONS,
  SETTLE,
} from './postgres_content_store_sql.ts';

/**
 * PromptContent on PostgreSQL (database/postgresql/content). Connects at first use; the login needs no more than the group role
 * promptsales_content has.
 */
export async function openPostgresContentStore(url: string, options: ContentStoreOptions = {}): Promise<ContentStore> {
  const database = await openPostgres(url, {
    applicationName: 'promptsales content',
    called: 'PromptContent',
    maxConnections: 8,
    statementTimeoutMs: 20_000,
  });
  const changes = postgresDocumentSource(url);

  const reader = contentReader(options);
  const one = async <T>(
    collection: string,
    schema: z.ZodType<T>,
    statement: Statement,
    id: string,
    deadline: Deadline,
  ): Promise<T | undefined> => {
    const found = await database.rows(statement, [id], toDocument, deadline);
    return reader.readOne(collection, schema, id, found);
  };
  const insert = async (statement: Statement, id: string, document: unknown, deadline: Deadline): Promise<boolean> =>
    (await database.rows(statement, [id, JSON.stringify(document)], () => true, deadline)).length > 0;

  return {
    async campaign(campaignId, deadline) {
      const found = await one('campanas', CampaignDocument, CAMPAIGN, campaignId, deadline);
      return found === undefined ? undefined : toCreative(found);
    },
    async client(clientId, deadline) {
      const found = await one('clientes', ClientDocument, CLIENT, clientId, deadline);
      return found === undefined ? undefined : toSubscribedClient(found);
    },
    async images(contentIds, deadline) {
      const found = await database.rows(IMAGES, [contentIds], toDocument, deadline);
      return reader.readable('imagenes', ImageDocument, found).map(({ value }) => toImage(value));
    },
    imageChanges: (since, deadline) => readImageChanges(changes, reader, since, deadline),
    async lastMessages(campaignIds, limit, deadline) {
      const found = await database.rows(LAST_MESSAGES, [campaignIds, limit], toDocument, deadline);
      return reader.readable('logs_campanas', GenerationLogDocument, found).map(({ value }) => toPastMessages(value));
    },

    quotas: (clientId, today, deadline) => database.rows(QUOTAS, [clientId, today], (row) => QuotaRow.parse(row), deadline),
    async reserve({ reservationId, clientId, feature, amount, today }, deadline) {
      if (!Number.isSafeInteger(amount) || amount < 1) throw new RangeError(`${amount} is no number of uses`);
      const values = [clientId, today, feature, amount, reservationId];
      const [row] = await database.rows(RESERVE, values, (found) => ReserveRow.parse(found), deadline);
      if (row === undefined) return { outcome: 'not_included', reason: 'no_such_client' };
      return toReserveOutcome({ reservationId, clientId, feature }, row);
    },
    async settle({ reservationId, clientId, planId, feature }, kept, deadline) {
      const closed = await database.rows(SETTLE, [clientId, planId, feature, reservationId, kept], () => true, deadline);
      return closed.length > 0;
    },

    async generation(logId, deadline) {
      const found = await one('logs_campanas', GenerationLogDocument, GENERATION, logId, deadline);
      return found === undefined ? undefined : toKeptGeneration(found);
    },
    recordGeneration: async (log, deadline) => insert(RECORD_GENERATION, log.logId, generationLogDocument(log), deadline),
    recordRequest: async (request, deadline) => insert(RECORD_REQUEST, request.requestId, outsideRequestDocument(request), deadline),

    async saveVersions({ campaignId, versions, images, expectedUpdatedAt, at }, deadline) {
      const different = [...new Map(versions.map((version) => [canonicalJson(version), version])).values()];
      const values = [campaignId, JSON.stringify(different), [...new Set(images)], expectedUpdatedAt, at];
      const [row] = await database.rows(SAVE_VERSIONS, values, (found) => SaveRow.parse(found), deadline);
      if (row === undefined) return { outcome: 'no_such_campaign' };
      const { missingVersions, missingImages, updatedAt, savedAt } = row;
      if (savedAt === null && missingVersions + missingImages > 0) return { outcome: 'conflict', updatedAt };
      return { outcome: 'saved', addedVersions: missingVersions, addedImages: missingImages, updatedAt: savedAt ?? updatedAt };
    },

    close: async () => {
      await Promise.all([database.close(), changes.close()]);
    },
  };
}

/** bigint columns arrive as text. */
const BigCount = z.coerce.number().int().min(0);

const QuotaRow = z.object({
  feature: z.string(),
  planId: z.string(),
  planName: z.string(),
  used: BigCount,
  limit: z.union([z.null(), BigCount]),
  resetDate: z.iso.date(),
});

const ReserveRow = z.object({
  clientStatus: z.string().nullable(),
  subscribed: z.boolean(),
  reserved: z.boolean(),
  plan: QuotaRow.nullable(),
});

const SaveRow = z.object({ missingVersions: BigCount, missingImages: BigCount, updatedAt: z.date(), savedAt: z.date().nullable() });

function toDocument(row: Readonly<Record<string, unknown>>): SourceDocument {
  return { id: String(row.id), document: row.document };
}
