import { z } from 'zod';
import type { StreamRow } from './stream.ts';

// PromptContent's documents as their owner writes them (Spanish names and all), and the rows they become in the hub. Fields the hub has
// no use for are left alone; a missing or impossible one refuses the document.

const Text = z.string().min(1);

/** A time: a Date from a document database, ISO 8601 text from JSON. */
const Time = z.union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))]);

/** A calendar day, 'YYYY-MM-DD'; of a time, the day it has in UTC. */
const Day = z.union([z.iso.date(), Time.transform((time) => time.toISOString().slice(0, 10))]);

const Image = z.object({
  contentId: Text,
  url_imagen: Text,
  url_thumbnail: Text,
  descripcion: Text,
  hashtags: z.array(z.string()),
  categoria: Text,
  vector_id_pinecone: z.string().nullish(),
  metadata: z.looseObject({ formato: Text, aprobado: z.boolean() }),
  campanas_asociadas: z.array(Text),
  createdAt: Time,
  updatedAt: Time,
});

const Campaign = z.object({
  campaignId: Text,
  name: Text,
  description: z.string(),
  targetAudience: z.json(),
  campaignMessage: z.string(),
  contentVersions: z.array(z.looseObject({ contentId: Text, platform: Text, type: Text })),
  usedImages: z.array(Text),
  status: Text,
  updatedAt: Time,
});

const Subscription = z.object({
  planId: Text,
  planName: Text,
  status: Text,
  renewalDate: Day,
  paymentStatus: Text,
  usageTracking: z.record(
    z.string(),
    z.looseObject({ used: z.number().int().min(0), limit: z.number().int().min(0).nullable(), resetDate: Day }),
  ),
});

const Client = z.object({
  clientId: Text,
  company: Text,
  email: Text,
  phone: Text,
  status: Text,
  createdAt: Time,
  updatedAt: Time,
  subscriptions: z.array(Subscription),
});

/** content.images from `imagenes`. */
export function imageDocument(id: string, document: unknown): StreamRow[] {
  const image = Image.parse(document);
  requireSameId('contentId', image.contentId, id);
  return [
    {
      content_id: id,
      url: image.url_imagen,
      thumbnail_url: image.url_thumbnail,
      description: image.descripcion,
      hashtags: image.hashtags,
      category: image.categoria,
      vector_id: image.vector_id_pinecone ?? null,
      format: image.metadata.formato,
      approved: image.metadata.aprobado,
      campaign_ids: image.campanas_asociadas,
      metadata: image.metadata,
      created_at: image.createdAt,
      updated_at: image.updatedAt,
    },
  ];
}

/** content.campaigns from `campanas`. */
export function campaignDocument(id: string, document: unknown): StreamRow[] {
  const campaign = Campaign.parse(document);
  requireSameId('campaignId', campaign.campaignId, id);
  return [
    {
      campaign_id: id,
      name: campaign.name,
      description: campaign.description,
      target_audience: campaign.targetAudience,
      message: campaign.campaignMessage,
      content_versions: campaign.contentVersions,
      used_images: campaign.usedImages,
      status: campaign.status,
      updated_at: campaign.updatedAt,
    },
  ];
}

/** business.clients from `clientes`. */
export function clientDocument(id: string, document: unknown): StreamRow[] {
  const client = Client.parse(document);
  requireSameId('clientId', client.clientId, id);
  return [
    {
      client_id: id,
      company: client.company,
      email: client.email,
      phone: client.phone,
      status: client.status,
      created_at: client.createdAt,
      updated_at: client.updatedAt,
    },
  ];
}

/** business.subscriptions from `clientes`: one row a subscription of the client. */
export function subscriptionsOfClient(id: string, document: unknown): StreamRow[] {
  const client = Client.parse(document);
  requireSameId('clientId', client.clientId, id);
  return client.subscriptions.map((subscription) => ({
    client_id: id,
    plan_id: subscription.planId,
    plan_name: subscription.planName,
    status: subscription.status,
    renewal_date: subscription.renewalDate,
    payment_status: subscription.paymentStatus,
    usage_tracking: subscription.usageTracking,
  }));
}

// A deletion tells only the document's id, so the id must be the one the rows are known by.
function requireSameId(field: string, value: string, id: string): void {
  if (value !== id) {
    throw new Error(`${field} is '${value}' but the document's id is '${id}'`);
  }
}
