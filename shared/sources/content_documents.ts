import { z } from 'zod';
import { isDay } from '../domain/calendar_day.ts';

// PromptContent's documents as their owner writes them (D1), Spanish names and all. Fields nobody here has a use for are left alone;
// a missing or impossible one refuses the document.

const Text = z.string().min(1);

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

/** `campanas`. */
export const CampaignDocument = z.object({
  campaignId: Text,
  clientId: Text.nullish(),
  name: Text,
  description: z.string(),
  targetAudience: z.json(),
  campaignMessage: z.string(),
  contentVersions: z.array(z.looseObject({ contentId: Text, platform: Text, type: Text })),
  usedImages: z.array(Text),
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
  descripcion_campana: z.string(),
  publico_meta: z.json(),
  mensajes_poblacion: z.array(
    z.object({
      poblacion: z.json(),
      mensajes: z.array(
        z.looseObject({
          titular: z.string().nullish(),
          texto: z.string(),
          tono: z.string(),
          hashtags: z.array(z.string()),
          imagenes: z.array(Text),
          motivo: z.string(),
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
  dia: z.string().refine(isDay, 'not a day'),
  fecha: Time,
});

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
    dia: z.string().refine(isDay, 'not a day'),
    fecha: Time,
  })
  .refine(
    ({ resultado, tokens_consumidos, costo_usd }) =>
      resultado !== 'from_cache' || (tokens_consumidos === 0 && /^0+(\.0+)?$/.test(costo_usd)),
    {
      error: "a request with the result 'from_cache' takes no tokens and costs nothing",
    },
  );
