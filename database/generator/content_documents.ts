/**
 * The documents of PromptContent (D1), with the customer's field names. The document's key in the database is the value of its
 * own id field (`contentId`, `campaignId`, `clientId`, `nombre_servicio`, `name`). Times are ISO 8601 in UTC, days 'YYYY-MM-DD'.
 */

export type ImageDocument = {
  readonly contentId: string;
  readonly url_imagen: string;
  readonly url_thumbnail: string;
  readonly descripcion: string;
  readonly hashtags: readonly string[];
  readonly categoria: string;
  readonly vector_id_pinecone: string;
  readonly metadata: {
    readonly formato: 'jpg' | 'png' | 'webp';
    readonly ancho: number;
    readonly alto: number;
    readonly tamano_bytes: number;
    readonly color_dominante: string;
    readonly aprobado: boolean;
    readonly autor: string;
  };
  /** Campaign ids. */
  readonly campanas_asociadas: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type CampaignDocument = {
  readonly campaignId: string;
  readonly clientId: string;
  readonly name: string;
  readonly description: string;
  readonly targetAudience: {
    readonly edadMin: number;
    readonly edadMax: number;
    readonly sexo: 'todos' | 'mujeres' | 'hombres';
    readonly intereses: readonly string[];
    readonly paises: readonly string[];
    readonly descripcion: string;
  };
  readonly campaignMessage: string;
  readonly contentVersions: readonly { readonly contentId: string; readonly platform: string; readonly type: string }[];
  readonly usedImages: readonly string[];
  readonly status: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type FeatureUsage = {
  readonly used: number;
  /** A month; null is no limit. */
  readonly limit: number | null;
  readonly resetDate: string;
};

export type ClientDocument = {
  readonly clientId: string;
  readonly email: string;
  readonly company: string;
  readonly phone: string;
  readonly status: 'active' | 'suspended' | 'cancelled';
  readonly industry: string;
  readonly country: string;
  /** What the client must not be made to say: words it does not want, and claims its trade may not make. */
  readonly restricciones: { readonly palabras: readonly string[]; readonly afirmaciones: readonly string[] };
  readonly subscriptions: readonly {
    readonly planId: string;
    readonly planName: string;
    readonly status: 'active' | 'past_due' | 'cancelled';
    readonly renewalDate: string;
    readonly paymentStatus: 'paid' | 'pending' | 'failed';
    readonly usageTracking: { readonly generacion_contenido: FeatureUsage; readonly imagenes_ia: FeatureUsage };
  }[];
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type OutsideServiceDocument = {
  readonly nombre_servicio: string;
  readonly url_base: string;
  readonly metodos_disponibles: readonly { readonly nombre: string; readonly metodo_http: 'GET' | 'POST'; readonly ruta: string }[];
  readonly autenticacion: {
    readonly tipo: 'oauth2_client_credentials' | 'api_key';
    readonly url_token?: string;
    readonly metodo_http?: 'POST';
    readonly scopes?: readonly string[];
  };
  readonly rate_limits: { readonly por_minuto: number; readonly por_dia: number };
  readonly estado: 'activo' | 'inactivo';
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type McpServerDocument = {
  readonly name: string;
  readonly tools: readonly string[];
  readonly configuration: { readonly transport: readonly string[]; readonly path: string; readonly timeoutMs: number };
  readonly usageMetrics: { readonly calls: number; readonly errors: number; readonly averageResponseTimeMs: number | null };
  readonly createdAt: string;
  readonly updatedAt: string;
};
