import { canonicalHash } from '../domain/canonical_json.ts';
import { GenerationLogDocument, OutsideRequestDocument } from './content_documents.ts';
import type { GenerationLog, OutsideRequest, PopulationMessages } from './content_store.ts';

// What content_generator leaves behind in PromptContent, as documents of the customer's collections. Records are read by many, so nothing
// sensitive goes in: no key or token, no header, no body of a request, no text of a prompt (its version and hash say which it was), no
// e-mail address, and of a caller known by one only a pseudonym.

const E_MAIL = /[\p{L}\d._%+-]+@[\p{L}\d-]+(\.[\p{L}\d-]+)+/gu;
/** Keys and tokens as services write them: 'sk-…', 'Bearer …', a JSON Web Token. */
const SECRET = /\b(?:[sp]k-[\w-]{8,}|Bearer\s+\S+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|AIza[\w-]{30,}|pcsk_\w{8,})/gi;
const SECRET_FIELD =
  /^(e-?mail|correo|phone|tel[eé]fono|password|contraseña|authorization|api[_-]?key|(access|refresh)?[_-]?token|secret)$/i;

/** The document of `logs_campanas`. Throws a ZodError when a figure is impossible. */
export function generationLogDocument(log: GenerationLog): Record<string, unknown> {
  return checked(GenerationLogDocument, {
    id_log: log.logId,
    id_campana: log.campaignId,
    id_cliente: log.clientId,
    descripcion_campana: withoutSecrets(log.campaignDescription),
    publico_meta: withoutSecrets(log.targetAudience),
    mensajes_poblacion: log.populations.map(populationDocument),
    generacion_metadata: {
      herramienta: log.tool,
      usuario: callerInRecords(log.caller),
      modelo: log.model,
      version_prompt: log.promptVersion,
      hash_prompt: log.promptHash,
      hash_solicitud: log.requestHash ?? null,
      idioma: log.language,
      canal: log.channel ?? null,
      tokens_consumidos: log.tokens,
      costo_usd: log.costUsd,
      costo_conocido: log.costKnown,
      duracion_ms: log.durationMs,
    },
    dia: log.day,
    fecha: log.at.toISOString(),
  });
}

/** The document of `bitacora_solicitudes`. Throws a ZodError when a figure is impossible. */
export function outsideRequestDocument(asked: OutsideRequest): Record<string, unknown> {
  const { request, response } = asked;
  return checked(OutsideRequestDocument, {
    id_solicitud: asked.requestId,
    servicio_utilizado: asked.service,
    // Field by field: what else a caller's object holds stays out.
    request: withoutSecrets({
      operacion: request.operation,
      modelo: request.model ?? null,
      version_prompt: request.promptVersion ?? null,
      hash_prompt: request.promptHash ?? null,
      textos: request.items ?? null,
    }),
    response: withoutSecrets({
      estado: response.status ?? null,
      motivo_fin: response.finishReason ?? null,
      id_respuesta: response.responseId ?? null,
    }),
    resultado: asked.result,
    tiempo_respuesta_ms: asked.durationMs,
    tokens_consumidos: asked.tokens,
    costo_usd: asked.costUsd,
    costo_conocido: asked.costKnown,
    tokens_ahorrados: asked.saved?.tokens ?? 0,
    costo_ahorrado_usd: asked.saved?.costUsd ?? '0',
    id_cliente: asked.clientId ?? null,
    id_campana: asked.campaignId ?? null,
    herramienta: asked.tool,
    usuario: callerInRecords(asked.caller),
    dia: asked.day,
    fecha: asked.at.toISOString(),
  });
}

/** The name a caller has in records: its own, or a pseudonym, always the same, when that is an e-mail address or a secret. */
export function callerInRecords(name: string): string {
  return withoutSecrets(name) === name ? name : `user-${canonicalHash(name.trim().toLowerCase()).slice(0, 16)}`;
}

function populationDocument({ population, messages }: PopulationMessages): Record<string, unknown> {
  return {
    poblacion: withoutSecrets(population),
    mensajes: messages.map(({ text, tone, hashtags, images, reason, headline }) => ({
      ...(headline === undefined ? {} : { titular: withoutSecrets(headline) }),
      texto: withoutSecrets(text),
      tono: tone,
      hashtags,
      imagenes: images,
      motivo: withoutSecrets(reason),
    })),
  };
}

/** The same with e-mail addresses and secrets blacked out in every text, and without the fields that are named after such. */
function withoutSecrets<T>(value: T): T;
function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(E_MAIL, '[e-mail]').replaceAll(SECRET, '[secret]');
  if (Array.isArray(value)) return value.map((part: unknown) => withoutSecrets(part));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !SECRET_FIELD.test(name))
      .map(([name, part]) => [name, withoutSecrets(part)]),
  );
}

/** The document as given, once its schema has taken it: a record that nobody could read later is refused now. */
function checked(schema: { parse: (document: unknown) => unknown }, document: Record<string, unknown>): Record<string, unknown> {
  schema.parse(document);
  return document;
}
