import type { z } from 'zod';
import {
  CampaignDocument,
  ClientDocument,
  CredentialDocument,
  GenerationLogDocument,
  ImageDocument,
  McpServerDocument,
  OutsideRequestDocument,
  OutsideServiceDocument,
} from './content_documents.ts';

/**
 * A collection of PromptContent: the schema of its documents, the field whose value is also the document's id in the database, and fields that no
 * two documents have in common.
 */
export type ContentCollection = { readonly schema: z.ZodType; readonly idField: string; readonly unique?: readonly string[] };

/** The eight collections (D1). */
export const CONTENT_COLLECTIONS = {
  imagenes: { schema: ImageDocument, idField: 'contentId' },
  campanas: { schema: CampaignDocument, idField: 'campaignId' },
  clientes: { schema: ClientDocument, idField: 'clientId' },
  logs_campanas: { schema: GenerationLogDocument, idField: 'id_log' },
  bitacora_solicitudes: { schema: OutsideRequestDocument, idField: 'id_solicitud' },
  servicios_terceros: { schema: OutsideServiceDocument, idField: 'nombre_servicio' },
  mcp_servers: { schema: McpServerDocument, idField: 'name' },
  credenciales_cifradas: {
    schema: CredentialDocument,
    idField: 'id_credencial',
    unique: ['servicio_referencia', 'tipo_credencial'],
  },
} as const satisfies Readonly<Record<string, ContentCollection>>;

export type CollectionName = keyof typeof CONTENT_COLLECTIONS;

export const COLLECTION_NAMES = Object.keys(CONTENT_COLLECTIONS) as readonly CollectionName[];
