import type { z } from 'zod';
import type { CampaignDocument, ClientDocument, GenerationLogDocument, ImageDocument } from './content_documents.ts';
import type {
  CampaignCreative,
  ContentVersion,
  KeptGeneration,
  PastMessages,
  PopulationMessages,
  QuotaState,
  Reservation,
  ReserveOutcome,
  StoredImage,
  SubscribedClient,
} from './content_store.ts';

// What PromptContent's documents mean to those who ask for them: the same from every adapter.

/** The creative side of a campaign from its document in `campanas`. */
export function toCreative(campaign: z.infer<typeof CampaignDocument>): CampaignCreative {
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

/** A client as plans see it from its document in `clientes`: its address and telephone stay behind. */
export function toSubscribedClient(client: z.infer<typeof ClientDocument>): SubscribedClient {
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

/** An image from its document in `imagenes`. */
export function toImage(image: z.infer<typeof ImageDocument>): StoredImage {
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

/** What was written for a campaign, from a document in `logs_campanas`. */
export function toPastMessages(log: z.infer<typeof GenerationLogDocument>): PastMessages {
  return {
    logId: log.id_log,
    campaignId: log.id_campana,
    populations: log.mensajes_poblacion.map(toPopulation),
    writtenAt: log.fecha,
  };
}

/** A generation as it is found again by its id, from a document in `logs_campanas`. */
export function toKeptGeneration(log: z.infer<typeof GenerationLogDocument>): KeptGeneration {
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

/** What a store found when it was asked to reserve: `plan` is the subscription it counted on, or the first that is used up. */
export type ReserveAnswer = {
  /** Null where there is no such client. */
  readonly clientStatus: string | null;
  /** Whether any subscription is active. */
  readonly subscribed: boolean;
  readonly reserved: boolean;
  readonly plan: QuotaState | null;
};

/** What it means for who asked. */
export function toReserveOutcome(
  { reservationId, clientId, feature }: Omit<Reservation, 'planId'>,
  { clientStatus, subscribed, reserved, plan }: ReserveAnswer,
): ReserveOutcome {
  if (clientStatus === null) return { outcome: 'not_included', reason: 'no_such_client' };
  if (plan === null) {
    if (clientStatus !== 'active') return { outcome: 'not_included', reason: 'client_not_active' };
    return { outcome: 'not_included', reason: subscribed ? 'not_in_plan' : 'no_active_subscription' };
  }
  const { planId, planName, used, limit, resetDate } = plan;
  if (reserved) return { outcome: 'reserved', reservation: { reservationId, clientId, planId, feature }, used, limit, resetDate };
  return { outcome: 'exhausted', planName, used, limit: limit ?? used, resetDate };
}
