import { type History, isoDay } from './calendar.ts';
import type { Campaign } from './campaigns.ts';
import { CHANNELS } from './channels.ts';
import type { Client } from './clients.ts';
import type { CampaignDocument, McpServerDocument, OutsideServiceDocument } from './content_documents.ts';
import { COUNTRIES } from './geography.ts';
import type { CampaignImages, Image } from './images.ts';
import { randomStream } from './random.ts';

const SEXES = { any: 'todos', female: 'mujeres', male: 'hombres' } as const;
const PURPOSES = {
  awareness: 'para dar a conocer la marca',
  traffic: 'para llevar visitas a la tienda',
  leads: 'para reunir interesados',
  sales: 'para vender',
  retention: 'para que quienes ya compraron vuelvan',
} as const;
/** What is published on each kind of channel. */
const TYPES = {
  social: ['publicación', 'historia', 'carrusel'],
  video: ['video corto', 'video'],
  search: ['anuncio de texto'],
  display: ['banner'],
  messaging: ['mensaje'],
  email: ['correo'],
} as const;

/** The documents of the collection `campanas`: the creative side of every campaign. */
export function campaignDocuments(
  seed: number,
  history: History,
  campaigns: readonly Campaign[],
  clients: readonly Client[],
  images: readonly Image[],
  campaignImages: CampaignImages,
): readonly CampaignDocument[] {
  const random = randomStream(seed, 'campaign documents');
  return campaigns.map((campaign, index) => {
    const company = clients[campaign.client]?.company ?? '';
    const usedImages = (campaignImages[index] ?? []).map((image) => images[image]?.contentId ?? '');
    const audience = campaign.audience.charAt(0).toLowerCase() + campaign.audience.slice(1);
    return {
      campaignId: campaign.campaignId,
      clientId: clients[campaign.client]?.clientId ?? '',
      name: campaign.name,
      description: `Campaña de ${company} ${PURPOSES[campaign.objective]}, dirigida a ${audience}.`,
      targetAudience: {
        edadMin: campaign.target.ageMin,
        edadMax: campaign.target.ageMax,
        sexo: SEXES[campaign.target.sex],
        intereses: campaign.target.interests,
        paises: campaign.countries.map((country) => COUNTRIES[country]?.code ?? ''),
        descripcion: campaign.audience,
      },
      campaignMessage: campaign.message,
      contentVersions: campaign.channels.flatMap((channel) => {
        const { channelId, kind } = CHANNELS[channel] as (typeof CHANNELS)[number];
        return usedImages
          .filter((_, position) => position === 0 || random.chance(0.5))
          .map((contentId) => ({ contentId, platform: channelId, type: random.pick(TYPES[kind]) }));
      }),
      usedImages,
      status: campaign.status,
      startDate: isoDay(history, campaign.start),
      endDate: isoDay(history, campaign.end),
      createdAt: new Date(campaign.createdAt).toISOString(),
      updatedAt: new Date(campaign.updatedAt).toISOString(),
    };
  });
}

/** The documents of the collection `servicios_terceros`: the outside services of N6 with their public addresses. */
export function outsideServiceDocuments(changedAt: string): readonly OutsideServiceDocument[] {
  const dates = { createdAt: changedAt, updatedAt: changedAt };
  const oauth = (url_token: string, scopes: readonly string[]) =>
    ({ tipo: 'oauth2_client_credentials', url_token, metodo_http: 'POST', scopes }) as const;
  return [
    {
      nombre_servicio: 'openai',
      url_base: 'https://api.openai.com/v1',
      metodos_disponibles: [
        { nombre: 'embeddings', metodo_http: 'POST', ruta: '/embeddings' },
        { nombre: 'responses', metodo_http: 'POST', ruta: '/responses' },
        { nombre: 'images', metodo_http: 'POST', ruta: '/images/generations' },
      ],
      autenticacion: { tipo: 'api_key' },
      rate_limits: { por_minuto: 500, por_dia: 200_000 },
      estado: 'activo',
      ...dates,
    },
    {
      nombre_servicio: 'canva',
      url_base: 'https://api.canva.com/rest/v1',
      metodos_disponibles: [
        { nombre: 'list_designs', metodo_http: 'GET', ruta: '/designs' },
        { nombre: 'create_design', metodo_http: 'POST', ruta: '/designs' },
        { nombre: 'export', metodo_http: 'POST', ruta: '/exports' },
      ],
      autenticacion: oauth('https://api.canva.com/rest/v1/oauth/token', ['design:content:read', 'asset:read']),
      rate_limits: { por_minuto: 100, por_dia: 20_000 },
      estado: 'activo',
      ...dates,
    },
    {
      nombre_servicio: 'adobe',
      url_base: 'https://firefly-api.adobe.io/v3',
      metodos_disponibles: [{ nombre: 'generate_images', metodo_http: 'POST', ruta: '/images/generate' }],
      autenticacion: oauth('https://ims-na1.adobelogin.com/ims/token/v3', ['firefly_api', 'ff_apis']),
      rate_limits: { por_minuto: 4, por_dia: 9000 },
      estado: 'activo',
      ...dates,
    },
    {
      nombre_servicio: 'google_ads',
      url_base: 'https://googleads.googleapis.com',
      metodos_disponibles: [{ nombre: 'search', metodo_http: 'POST', ruta: '/customers/{customerId}/googleAds:search' }],
      autenticacion: oauth('https://oauth2.googleapis.com/token', ['https://www.googleapis.com/auth/adwords']),
      rate_limits: { por_minuto: 60, por_dia: 15_000 },
      estado: 'activo',
      ...dates,
    },
    {
      nombre_servicio: 'meta',
      url_base: 'https://graph.facebook.com',
      metodos_disponibles: [
        { nombre: 'insights', metodo_http: 'GET', ruta: '/act_{accountId}/insights' },
        { nombre: 'create_ad', metodo_http: 'POST', ruta: '/act_{accountId}/ads' },
      ],
      autenticacion: oauth('https://graph.facebook.com/oauth/access_token', ['ads_read', 'ads_management']),
      rate_limits: { por_minuto: 200, por_dia: 100_000 },
      estado: 'activo',
      ...dates,
    },
    {
      nombre_servicio: 'tiktok',
      url_base: 'https://business-api.tiktok.com/open_api/v1.3',
      metodos_disponibles: [{ nombre: 'report', metodo_http: 'GET', ruta: '/report/integrated/get/' }],
      autenticacion: oauth('https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/', ['ads.read']),
      rate_limits: { por_minuto: 600, por_dia: 86_400 },
      estado: 'activo',
      ...dates,
    },
    {
      nombre_servicio: 'hubspot',
      url_base: 'https://api.hubapi.com',
      metodos_disponibles: [
        { nombre: 'search_contacts', metodo_http: 'POST', ruta: '/crm/v3/objects/contacts/search' },
        { nombre: 'create_contact', metodo_http: 'POST', ruta: '/crm/v3/objects/contacts' },
      ],
      autenticacion: oauth('https://api.hubapi.com/oauth/v1/token', ['crm.objects.contacts.read', 'crm.objects.contacts.write']),
      rate_limits: { por_minuto: 600, por_dia: 250_000 },
      estado: 'activo',
      ...dates,
    },
    {
      nombre_servicio: 'salesforce',
      url_base: 'https://login.salesforce.com/services/data',
      metodos_disponibles: [{ nombre: 'query', metodo_http: 'GET', ruta: '/query' }],
      autenticacion: oauth('https://login.salesforce.com/services/oauth2/token', ['api']),
      rate_limits: { por_minuto: 100, por_dia: 100_000 },
      estado: 'inactivo',
      ...dates,
    },
    {
      nombre_servicio: 'whatsapp',
      url_base: 'https://graph.facebook.com',
      metodos_disponibles: [{ nombre: 'send_message', metodo_http: 'POST', ruta: '/{phoneNumberId}/messages' }],
      autenticacion: oauth('https://graph.facebook.com/oauth/access_token', ['whatsapp_business_messaging']),
      rate_limits: { por_minuto: 80, por_dia: 100_000 },
      estado: 'activo',
      ...dates,
    },
  ];
}

/** The tools of each server, as its registry has them: a test holds the two together. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  content_generator: ['getContent', 'generateCampaignMessages', 'get_generation_usage', 'save_campaign_content'],
  sales_dashboard: [
    'get_campaign_performance',
    'get_sales_data',
    'get_campaign_locations',
    'get_campaign_channels',
    'rank_campaigns',
    'get_data_freshness',
    'get_cache_report',
  ],
  ads_optimizer: [
    'recommend_budget',
    'get_campaign_pacing',
    'get_attribution',
    'analyze_experiment',
    'find_ad_anomalies',
    'apply_budget_plan',
  ],
  crm_analyzer: [
    'get_lead_metrics',
    'get_lead_funnel',
    'segment_customers',
    'rank_customers',
    'find_nearby_customers',
    'get_customer_profile',
    'update_lead_stage',
  ],
};

/** The documents of the collection `mcp_servers`. No calls have been made yet. */
export function mcpServerDocuments(changedAt: string): readonly McpServerDocument[] {
  return Object.entries(TOOLS).map(([name, tools]) => ({
    name,
    tools,
    configuration: { transport: ['stdio', 'streamable-http'], path: `/${name}/mcp`, timeoutMs: 20_000 },
    usageMetrics: { calls: 0, errors: 0, averageResponseTimeMs: null },
    createdAt: changedAt,
    updatedAt: changedAt,
  }));
}
