import { z } from 'zod';

// PromptContent's documents as their owner writes them (D1), Spanish names and all. Fields nobody here has a use for are left alone;
// a missing or impossible one refuses the document. The databases refuse the same: their rules are made from these schemas
// (scripts/content_rules.ts), so what JSON Schema cannot say, a refine(), has no place here.

/**
 * The largest document, in bytes of the form it is stored in. The schemas bound every text and list that they name; this bounds what they leave
 * to others. A quarter of what MongoDB itself takes.
 */
export const MOST_BYTES = 4_000_000;

/** Why a document is too large to be looked at, undefined when it is not. `text` is the document as JSON, undefined for what JSON cannot say. */
export function tooLarge(text: string | undefined): string | undefined {
  return text !== undefined && Buffer.byteLength(text) > MOST_BYTES
    ? `it is larger than ${MOST_BYTES.toLocaleString('en-US')} bytes`
    : undefined;
}

/** A name or an id. Lengths are in UTF-16 units here, in characters in the databases, which is never less. */
const Text = z.string().min(1).max(500);

/** Something to read. */
const Prose = z.string().max(20_000);

/** What others have written and pages show: nothing in it that a browser takes for a tag, so no script either. */
const Plain = z.string().regex(/^[^<]*(?:<(?![A-Za-z/!?])[^<]*)*$/, 'has what a browser takes for a tag');

/** Where a file lies or a service answers: https, a host, no login in it, nothing that ends a quoted attribute. */
const Url = z
  .string()
  .max(2_048)
  .regex(/^https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][^ \t\r\n<>"'`\\]*)?$/, 'not an https address');

/** What programs know a service, a server or a tool by. */
const Name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,99}$/, 'not a name of letters, digits, _ and -');

/** A time: a Date from a document database, ISO 8601 text from JSON. */
const Time = z.union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))]);

/** A calendar day, 'YYYY-MM-DD'; of a time, the day it has in UTC. */
const CalendarDay = z.union([z.iso.date(), Time.transform((time) => time.toISOString().slice(0, 10))]);

const Count = z.number().int().min(0);

/** US dollars as decimal text, exact: a token costs as little as 0.00000002. */
const Dollars = z.string().regex(/^\d{1,8}(\.\d{1,12})?$/, 'not an amount in dollars with at most 12 decimals, as text');

/** `imagenes`. */
export const ImageDocument = z.object({
  contentId: Text,
  url_imagen: Url,
  url_thumbnail: Url,
  descripcion: Plain.min(1).max(5_000),
  hashtags: z.array(Plain.max(150)).max(100),
  categoria: Plain.min(1).max(500),
  vector_id_pinecone: Text.nullish(),
  metadata: z.looseObject({ formato: Text, aprobado: z.boolean() }),
  campanas_asociadas: z.array(Text).max(10_000),
  createdAt: Time,
  updatedAt: Time,
});

/** `campanas`. */
export const CampaignDocument = z.object({
  campaignId: Text,
  clientId: Text.nullish(),
  name: Text,
  description: Prose,
  targetAudience: z.json(),
  campaignMessage: Prose,
  contentVersions: z.array(z.looseObject({ contentId: Text, platform: Text, type: Text })).max(10_000),
  usedImages: z.array(Text).max(10_000),
  status: Text,
  updatedAt: Time,
});

const SubscriptionDocument = z.object({
  planId: Text,
  planName: Text,
  status: Text,
  renewalDate: CalendarDay,
  paymentStatus: Text,
  usageTracking: z.record(z.string(), z.object({ used: Count, limit: Count.nullable(), resetDate: CalendarDay })),
});

/** `clientes`. */
export const ClientDocument = z.object({
  clientId: Text,
  company: Text,
  email: Text,
  phone: Text,
  status: Text,
  createdAt: Time,
  updatedAt: Time,
  subscriptions: z.array(SubscriptionDocument),
  /** What the client must not be made to say; documents from before there was such a thing lack it. */
  restricciones: z.object({ palabras: z.array(z.string()).nullish(), afirmaciones: z.array(z.string()).nullish() }).nullish(),
});

/** `logs_campanas`: messages written for a campaign. */
export const GenerationLogDocument = z.object({
  id_log: Text,
  id_campana: Text,
  id_cliente: Text,
  descripcion_campana: Prose,
  publico_meta: z.json(),
  mensajes_poblacion: z.array(
    z.object({
      poblacion: z.json(),
      mensajes: z.array(
        z.looseObject({
          titular: Prose.nullish(),
          texto: Prose,
          tono: Prose,
          hashtags: z.array(z.string()),
          imagenes: z.array(Text),
          motivo: Prose,
        }),
      ),
    }),
  ),
  generacion_metadata: z.looseObject({
    herramienta: Text,
    usuario: Text,
    modelo: Text,
    version_prompt: Text,
    hash_prompt: Text,
    hash_solicitud: Text.nullish(),
    idioma: Text,
    canal: Text.nullish(),
    tokens_consumidos: Count,
    costo_usd: Dollars,
    costo_conocido: z.boolean().default(true),
    duracion_ms: Count,
  }),
  dia: z.iso.date('not a day'),
  fecha: Time,
});

const FromCacheIsFree = z.union(
  [
    z.object({ resultado: z.string().regex(/^(?!from_cache$)/) }),
    z.object({ resultado: z.literal('from_cache'), tokens_consumidos: z.literal(0), costo_usd: z.string().regex(/^0+(?:\.0+)?$/) }),
  ],
  { error: "a request with the result 'from_cache' takes no tokens and costs nothing" },
);

/** `bitacora_solicitudes`: one request to an outside service, failed ones and those answered from a cache too. */
export const OutsideRequestDocument = z
  .object({
    id_solicitud: Text,
    servicio_utilizado: Text,
    request: z.looseObject({}),
    response: z.looseObject({}),
    resultado: Text,
    tiempo_respuesta_ms: Count,
    tokens_consumidos: Count,
    costo_usd: Dollars,
    // Records from before answers of the cache were recorded lack these three.
    costo_conocido: z.boolean().default(true),
    tokens_ahorrados: Count.default(0),
    costo_ahorrado_usd: Dollars.default('0'),
    id_cliente: Text.nullish(),
    id_campana: Text.nullish(),
    herramienta: Text,
    usuario: Text,
    dia: z.iso.date('not a day'),
    fecha: Time,
  })
  .and(FromCacheIsFree);

/** `servicios_terceros`: an outside service and how it is called. What is needed to log in there is in `credenciales_cifradas` only. */
export const OutsideServiceDocument = z.object({
  nombre_servicio: Name,
  url_base: Url,
  metodos_disponibles: z
    .array(
      z.object({
        nombre: Name,
        metodo_http: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
        ruta: z
          .string()
          .max(500)
          .regex(/^\/[^ \t\r\n<>"'`\\]*$/, 'not a path'),
      }),
    )
    .max(200),
  autenticacion: z.union([
    z.strictObject({
      tipo: z.literal('oauth2_client_credentials'),
      url_token: Url,
      metodo_http: z.literal('POST'),
      scopes: z.array(Text).max(100),
    }),
    z.strictObject({ tipo: z.literal('api_key') }),
  ]),
  rate_limits: z.object({ por_minuto: Count, por_dia: Count }),
  estado: z.enum(['activo', 'inactivo']),
  createdAt: Time,
  updatedAt: Time,
});

/** `mcp_servers`: one of the servers, its tools, and how it was used. */
export const McpServerDocument = z.object({
  name: Name,
  tools: z.array(Name).max(200),
  configuration: z.looseObject({ transport: z.array(z.enum(['stdio', 'streamable-http'])).max(2), path: Text, timeoutMs: Count }),
  usageMetrics: z.looseObject({ calls: Count, errors: Count, averageResponseTimeMs: z.number().min(0).nullable() }),
  createdAt: Time,
  updatedAt: Time,
});

/**
 * `credenciales_cifradas`: something secret that an outside service wants. The value is encrypted with a data key of its own, which is
 * wrapped under the X.509 certificate named (shared/access/credentials.ts). A document with any other field is refused: a secret in the
 * clear has no place to stand.
 */
export const CredentialDocument = z.strictObject({
  id_credencial: Text,
  servicio_referencia: Name,
  tipo_credencial: z.enum(['client_id', 'client_secret', 'api_key', 'access_token', 'refresh_token']),
  /** As sealField writes it. */
  valor_cifrado: z
    .string()
    .max(20_000)
    .regex(/^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+$/, 'not an encrypted value'),
  /** As wrapDataKey writes it. */
  clave_envuelta: z
    .string()
    .min(300)
    .max(2_000)
    .regex(/^[A-Za-z0-9_-]+$/),
  algoritmo: z.literal('X.509 RSA-OAEP-256, AES-256-GCM'),
  /** SHA-256 of the certificate. */
  huella_certificado: z.string().regex(/^[0-9a-f]{64}$/, 'not a fingerprint'),
  ultima_rotacion: Time,
  createdAt: Time,
  updatedAt: Time,
});
