import { z } from 'zod';
import { fold } from '../../../shared/domain/fold.ts';

const SOURCES = ['paid_social', 'paid_search', 'display', 'email', 'referral', 'organic', 'event'] as const;
const GROUPS = ['none', 'source', 'campaign', 'industry', 'region', 'channel', 'client'] as const;

/** Other words for the values, folded: what people write in Spanish and English. */
const SOURCE_WORDS: Readonly<Record<string, (typeof SOURCES)[number]>> = {
  'paid social': 'paid_social',
  social: 'paid_social',
  redes: 'paid_social',
  'redes sociales': 'paid_social',
  'paid search': 'paid_search',
  search: 'paid_search',
  busqueda: 'paid_search',
  buscadores: 'paid_search',
  banners: 'display',
  mail: 'email',
  correo: 'email',
  'correo electronico': 'email',
  referrals: 'referral',
  referido: 'referral',
  referidos: 'referral',
  recomendacion: 'referral',
  organico: 'organic',
  events: 'event',
  evento: 'event',
  eventos: 'event',
};
const GROUP_WORDS: Readonly<Record<string, (typeof GROUPS)[number]>> = {
  ninguno: 'none',
  total: 'none',
  fuente: 'source',
  origen: 'source',
  campana: 'campaign',
  industria: 'industry',
  sector: 'industry',
  provincia: 'region',
  canal: 'channel',
  cliente: 'client',
};

const inWords = (words: Readonly<Record<string, string>>) => (asked: unknown) => {
  if (typeof asked !== 'string') return asked;
  const folded = fold(asked.trim());
  return Object.hasOwn(words, folded) ? words[folded] : folded;
};

/** Where a lead came from. */
export const LeadSource = z.preprocess(inWords(SOURCE_WORDS), z.enum(SOURCES));

/** By what leads are grouped. */
export const LeadGrouping = z.preprocess(inWords(GROUP_WORDS), z.enum(GROUPS));

/** The leads a question is about. */
export const LeadScopeArguments = {
  clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id'),
  campaignName: z.string().trim().min(1).max(200).optional().describe('Campaign name or id'),
  source: LeadSource.optional(),
};

/** Other names models use for them. */
export const LEAD_SCOPE_ALIASES = {
  client: 'clientName',
  clientId: 'clientName',
  cliente: 'clientName',
  campaign: 'campaignName',
  campaignId: 'campaignName',
  campaña: 'campaignName',
  campana: 'campaignName',
  fuente: 'source',
  leadSource: 'source',
} as const;

/** What is known: figures, nothing, or too few customers to tell without crm:pii. */
export const LeadStatus = z.enum(['data', 'no_data', 'too_few']);
