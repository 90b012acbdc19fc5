import {
  CampaignDocument,
  ClientDocument,
  GenerationLogDocument,
  ImageDocument,
  OutsideRequestDocument,
} from '../shared/sources/content_documents.ts';
import type { StreamRow } from './stream.ts';

// The rows that PromptContent's documents become in the hub. Each throws a ZodError for a document that its schema does not take.

/** content.images from `imagenes`. */
export function imageDocument(id: string, document: unknown): StreamRow[] {
  const image = ImageDocument.parse(document);
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
  const campaign = CampaignDocument.parse(document);
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
  const client = ClientDocument.parse(document);
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
  const client = ClientDocument.parse(document);
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

/** content.generation_logs from `logs_campanas`: what it took; the messages stay where they are. */
export function generationLog(id: string, document: unknown): StreamRow[] {
  const log = GenerationLogDocument.parse(document);
  requireSameId('id_log', log.id_log, id);
  const { generacion_metadata: metadata } = log;
  return [
    {
      log_id: id,
      client_id: log.id_cliente,
      campaign_id: log.id_campana,
      day: log.dia,
      generated_at: log.fecha,
      tool: metadata.herramienta,
      caller: metadata.usuario,
      model: metadata.modelo,
      prompt_version: metadata.version_prompt,
      language: metadata.idioma,
      channel: metadata.canal ?? null,
      populations: log.mensajes_poblacion.length,
      messages: log.mensajes_poblacion.reduce((count, { mensajes }) => count + mensajes.length, 0),
      tokens: metadata.tokens_consumidos,
      cost_usd: metadata.costo_usd,
      duration_ms: metadata.duracion_ms,
    },
  ];
}

/** content.outside_requests from `bitacora_solicitudes`. */
export function outsideRequest(id: string, document: unknown): StreamRow[] {
  const request = OutsideRequestDocument.parse(document);
  requireSameId('id_solicitud', request.id_solicitud, id);
  return [
    {
      request_id: id,
      service: request.servicio_utilizado,
      client_id: request.id_cliente ?? null,
      campaign_id: request.id_campana ?? null,
      day: request.dia,
      requested_at: request.fecha,
      tool: request.herramienta,
      caller: request.usuario,
      result: request.resultado,
      tokens: request.tokens_consumidos,
      cost_usd: request.costo_usd,
      duration_ms: request.tiempo_respuesta_ms,
      saved_tokens: request.tokens_ahorrados,
      saved_cost_usd: request.costo_ahorrado_usd,
      cost_known: request.costo_conocido,
    },
  ];
}

// A deletion tells only the document's id, so the id must be the one the rows are known by.
function requireSameId(field: string, value: string, id: string): void {
  if (value !== id) {
    throw new Error(`${field} is '${value}' but the document's id is '${id}'`);
  }
}
