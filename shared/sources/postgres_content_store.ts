import { z } from 'zod';
import { openPostgres } from '../db/postgres_database.ts';
import type { Statement } from '../db/sql_database.ts';
import { canonicalJson } from '../domain/canonical_json.ts';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { SourceDocument } from './change_source.ts';
import { CampaignDocument, ClientDocument, GenerationLogDocument, ImageDocument } from './content_documents.ts';
import { generationLogDocument, outsideRequestDocument } from './content_records.ts';
import type {
  CampaignCreative,
  ContentStore,
  ContentVersion,
  KeptGeneration,
  PastMessages,
  PopulationMessages,
  StoredImage,
  SubscribedClient,
} from './content_store.ts';
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

/** A document that its schema does not take. */
export type RefusedDocument = { readonly collection: string; readonly id: string; readonly reason: string };

/** What a store tells its owner. */
export type ContentStoreOptions = { readonly onRefused?: ((refused: RefusedDocument) => void) | undefined };

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

  const readable = <T>(collection: string, schema: z.ZodType<T>, found: readonly SourceDocument[]): { id: string; value: T }[] =>
    found.flatMap(({ id, document }) => {
      const parsed = schema.safeParse(document);
      if (parsed.success) return [{ id, value: parsed.data }];
      options.onRefused?.({ collection, id, reason: z.prettifyError(parsed.error) });
      return [];
    });
  const one = async <T>(
    collection: string,
    schema: z.ZodType<T>,
    statement: Statement,
    id: string,
    deadline: Deadline,
  ): Promise<T | undefined> => {
    const found = await database.rows(statement, [id], toDocument, deadline);
    const [read] = readable(collection, schema, found);
    if (read === undefined && found.length > 0) {
      throw new ToolError('internal', `What PromptContent holds in ${collection} about ${id} cannot be read.`, {
        remedy: 'An administrator finds what is wrong with it among the dead letters of the load: `promptsales etl status`.',
      });
    }
    return read?.value;
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
      return readable('imagenes', ImageDocument, found).map(({ value }) => toImage(value));
    },
    async imageChanges(since, deadline) {
      const asked = { table: 'content.imagenes', columns: [], key: ['id'] };
      const set = await changes.readChanges(asked, since).catch(unavailable);
      try {
        const found: SourceDocument[] = [];
        for await (const document of set.content) {
          if (deadline.signal.aborted) throw new ToolError('timeout', 'Reading the images took longer than it may take.');
          found.push(document);
        }
        return {
          mode: set.mode,
          images: readable('imagenes', ImageDocument, found).map(({ value }) => toImage(value)),
          deletedIds: set.deletedKeys.map((key) => String(key.id)),
          position: set.position,
        };
      } catch (error) {
        return error instanceof ToolError ? Promise.reject(error) : unavailable(error);
      } finally {
        await set.close();
      }
    },
    async lastMessages(campaignIds, limit, deadline) {
      const found = await database.rows(LAST_MESSAGES, [campaignIds, limit], toDocument, deadline);
      return readable('logs_campanas', GenerationLogDocument, found).map(({ value }) => toPastMessages(value));
    },

    quotas: (clientId, today, deadline) => database.rows(QUOTAS, [clientId, today], (row) => QuotaRow.parse(row), deadline),
    async reserve({ reservationId, clientId, feature, amount, today }, deadline) {
      if (!Number.isSafeInteger(amount) || amount < 1) throw new RangeError(`${amount} is no number of uses`);
      const values = [clientId, today, feature, amount, reservationId];
      const [row] = await database.rows(RESERVE, values, (found) => ReserveRow.parse(found), deadline);
      if (row === undefined || row.clientStatus === null) return { outcome: 'not_included', reason: 'no_such_client' };
      const { plan } = row;
      if (plan === null) {
        if (row.clientStatus !== 'active') return { outcome: 'not_included', reason: 'client_not_active' };
        return { outcome: 'not_included', reason: row.subscribed ? 'not_in_plan' : 'no_active_subscription' };
      }
      const { used, resetDate } = plan;
      if (row.reserved) {
        return {
          outcome: 'reserved',
          reservation: { reservationId, clientId, planId: plan.planId, feature },
          used,
          limit: plan.limit,
          resetDate,
        };
      }
      return { outcome: 'exhausted', planName: plan.planName, used, limit: plan.limit ?? used, resetDate };
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

function toCreative(campaign: z.infer<typeof CampaignDocument>): CampaignCreative {
  return {
    campaignId: campaign.campaignId,
    clientId: campaign.clientId ?? null,
    name: campaign.name,
    description: campaign.description,
    targetAudience: campaign.targetAudience,
    message: campaign.campaignMessage,
    versions: campaign.contentVersions.map(toVersion),
    usedImages: campaign.usedImages,
    status: campaign.status,
    updatedAt: campaign.updatedAt,
  };
}

function toVersion(version: z.infer<typeof CampaignDocument>['contentVersions'][number]): ContentVersion {
  const { contentId, platform, type, messageId, text, headline, hashtags, images } = version;
  return {
    contentId,
    platform,
    type,
    ...(typeof messageId === 'string' ? { messageId } : {}),
    ...(typeof text === 'string' ? { text } : {}),
    ...(typeof headline === 'string' ? { headline } : {}),
    ...(Array.isArray(hashtags) ? { hashtags: hashtags.filter((tag) => typeof tag === 'string') } : {}),
    ...(Array.isArray(images) ? { images: images.filter((image) => typeof image === 'string') } : {}),
  };
}

function toSubscribedClient(client: z.infer<typeof ClientDocument>): SubscribedClient {
  return {
    clientId: client.clientId,
    company: client.company,
    status: client.status,
    subscriptions: client.subscriptions.map(({ usageTracking, ...subscription }) => ({
      ...subscription,
      features: Object.keys(usageTracking).filter((feature) => usageTracking[feature]?.limit !== 0),
    })),
    restrictions: { words: client.restricciones?.palabras ?? [], claims: client.restricciones?.afirmaciones ?? [] },
  };
}

function toImage(image: z.infer<typeof ImageDocument>): StoredImage {
  return {
    contentId: image.contentId,
    url: image.url_imagen,
    thumbnailUrl: image.url_thumbnail,
    description: image.descripcion,
    hashtags: image.hashtags,
    category: image.categoria,
    vectorId: image.vector_id_pinecone ?? null,
    format: image.metadata.formato,
    approved: image.metadata.aprobado,
    campaignIds: image.campanas_asociadas,
    updatedAt: image.updatedAt,
  };
}

function toPastMessages(log: z.infer<typeof GenerationLogDocument>): PastMessages {
  return {
    logId: log.id_log,
    campaignId: log.id_campana,
    populations: log.mensajes_poblacion.map(toPopulation),
    writtenAt: log.fecha,
  };
}

function toKeptGeneration(log: z.infer<typeof GenerationLogDocument>): KeptGeneration {
  const { generacion_metadata: metadata } = log;
  return {
    logId: log.id_log,
    campaignId: log.id_campana,
    populations: log.mensajes_poblacion.map(toPopulation),
    model: metadata.modelo,
    promptVersion: metadata.version_prompt,
    promptHash: metadata.hash_prompt,
    language: metadata.idioma,
    channel: metadata.canal ?? undefined,
    tokens: metadata.tokens_consumidos,
    costUsd: metadata.costo_usd,
    costKnown: metadata.costo_conocido,
    requestHash: metadata.hash_solicitud ?? undefined,
    writtenAt: log.fecha,
  };
}

function toPopulation({ poblacion, mensajes }: z.infer<typeof GenerationLogDocument>['mensajes_poblacion'][number]): PopulationMessages {
  return {
    population: poblacion,
    messages: mensajes.map(({ titular, texto, tono, hashtags, imagenes, motivo }) => ({
      text: texto,
      tone: tono,
      hashtags,
      images: imagenes,
      reason: motivo,
      ...(titular === undefined || titular === null ? {} : { headline: titular }),
    })),
  };
}

function unavailable(cause: unknown): never {
  throw new ToolError('unavailable', 'PromptContent cannot be reached just now.', {
    remedy: 'Try again in a few seconds; `promptsales status` shows which part is down.',
    retryAfterSeconds: 5,
    cause,
  });
}
