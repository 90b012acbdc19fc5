import { addMonths, startOfMonth } from '../../shared/domain/calendar_day.ts';
import { withoutAccents } from '../../shared/domain/fold.ts';
import { type History, instant, isoDay } from './calendar.ts';
import type { ClientDocument, FeatureUsage } from './content_documents.ts';
import { COUNTRIES } from './geography.ts';
import { INDUSTRIES } from './industries.ts';
import { randomStream, weightedPicker } from './random.ts';

export type Client = {
  readonly clientId: string;
  readonly company: string;
  /** Index in INDUSTRIES. */
  readonly industry: number;
  /** Indexes in COUNTRIES, the home market first. */
  readonly countries: readonly number[];
  /** Share of all customers and, nearly, of all business; the shares of all clients add up to 1. */
  readonly size: number;
  readonly status: 'active' | 'suspended' | 'cancelled';
  /** Median order in USD. */
  readonly basket: number;
};

const PROPER_NAMES = [
  'Chirripó',
  'Monteverde',
  'Arenal',
  'Tamarindo',
  'Corcovado',
  'Orosi',
  'La Sabana',
  'Amón',
  'Guayabo',
  'Irazú',
  'Barva',
  'Talamanca',
  'Tortuguero',
  'Poás',
  'Nosara',
  'Santa Lucía',
  'San Miguel',
  'El Roble',
  'La Ceiba',
  'Los Almendros',
  'El Guanacaste',
  'Río Celeste',
  'Bella Vista',
  'Buena Vista',
  'Las Palmas',
  'El Mirador',
  'La Colina',
  'Quetzal',
  'Colibrí',
  'Tucán',
  'Jaguar',
  'Orquídea',
  'Jacaranda',
  'Bugambilia',
  'Girasol',
  'Lucero',
  'Aurora',
  'Alborada',
  'Horizonte',
  'Brisa',
  'Marea',
  'Coral',
  'Arrecife',
  'del Valle',
  'del Pacífico',
  'del Caribe',
  'del Istmo',
  'de los Andes',
  'Central',
  'Metropolitana',
  'Nueva Era',
  'Siglo XXI',
  'Don Ramón',
  'Doña Elena',
  'Hermanos Solís',
  'Ixchel',
  'Nahual',
  'Tikal',
  'Antigua',
  'Muisca',
  'Tayrona',
  'Inti',
  'Pachamama',
  'Cumbre',
  'Volcán',
  'Laguna',
  'Sendero',
  'Puerto Azul',
  'Costa Dorada',
  'Luna Nueva',
] as const;

/** CLI-001 … in order of size: a few large clients and a long tail. */
export function generateClients(seed: number, count: number): readonly Client[] {
  const random = randomStream(seed, 'clients');
  const pickIndustry = weightedPicker(INDUSTRIES.map((industry) => industry.weight));
  const pickCountry = weightedPicker(COUNTRIES.map((country) => country.weight));
  // Zipf and Mandelbrot: the offset keeps the first from dwarfing the second.
  const sizes = Array.from({ length: count }, (_, rank) => 1 / (rank + 6) ** 0.85);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const taken = new Set<string>();
  return sizes.map((size, rank) => {
    // The largest client sells fashion and the next ones other things, so that examples are not all of one trade.
    const industry = rank < INDUSTRIES.length ? rank : pickIndustry(random);
    const home = rank < 8 || random.chance(0.45) ? 0 : pickCountry(random);
    const countries = new Set([home]);
    const wanted = 1 + (rank < 12 ? 2 : 0) + random.poisson(0.9);
    while (countries.size < Math.min(5, wanted)) countries.add(pickCountry(random));
    return {
      clientId: `CLI-${String(rank + 1).padStart(3, '0')}`,
      company: companyName(industry, random.pick, taken),
      industry,
      countries: [...countries],
      size: size / total,
      status: rank < 20 || random.chance(0.88) ? 'active' : random.chance(0.55) ? 'suspended' : 'cancelled',
      basket: (INDUSTRIES[industry]?.basket ?? 50) * random.logNormal(1, 0.25),
    };
  });
}

/** The documents of the collection `clientes`: subscription, payment and what has been used of the plan this month. */
export function clientDocuments(seed: number, history: History, clients: readonly Client[]): readonly ClientDocument[] {
  const random = randomStream(seed, 'client documents');
  const resetDate = addMonths(startOfMonth(history.referenceDate), 1);
  // Usage grows through the month, from nothing on its first day.
  const monthElapsed = ((history.dayOfMonth[history.today] as number) - 1) / 30;
  return clients.map((client, rank) => {
    const slug = slugOf(client.company);
    const country = COUNTRIES[client.countries[0] ?? 0];
    const plan = PLANS[rank < clients.length * 0.12 ? 2 : random.chance(0.45) ? 1 : 0] as (typeof PLANS)[number];
    const createdDay = random.between(-420, Math.floor(history.today * 0.7));
    const updatedDay = random.between(Math.max(createdDay, history.today - 60), history.today - 1);
    // One client in twelve has used up its plan, which is what plan limits are for.
    const usedUp = random.chance(1 / 12);
    const usage = (limit: number | null): FeatureUsage => {
      const pace = monthElapsed * random.logNormal(0.55, 0.6);
      const used = limit === null ? Math.round(900 * pace) : usedUp ? limit : Math.min(limit, Math.round(limit * pace));
      return { used, limit, resetDate };
    };
    return {
      clientId: client.clientId,
      email: `mercadeo@${slug}.example`,
      company: client.company,
      phone: phoneOf(country?.code ?? 'CR', random.below),
      status: client.status,
      industry: INDUSTRIES[client.industry]?.name ?? '',
      country: country?.code ?? 'CR',
      restricciones: {
        // One client in three will not be called cheap. Told by rank, not drawn: the other values stay what they are.
        palabras: rank % 3 === 0 ? ['barato', 'ganga'] : [],
        afirmaciones: INDUSTRIES[client.industry]?.forbiddenClaims ?? [],
      },
      subscriptions: [
        {
          planId: plan.planId,
          planName: plan.planName,
          status: client.status === 'active' ? 'active' : client.status === 'suspended' ? 'past_due' : 'cancelled',
          renewalDate: isoDay(
            history,
            history.today + random.between(client.status === 'active' ? 2 : -40, client.status === 'active' ? 360 : -1),
          ),
          paymentStatus:
            client.status === 'active' ? (random.chance(0.94) ? 'paid' : 'pending') : client.status === 'suspended' ? 'failed' : 'paid',
          usageTracking: { generacion_contenido: usage(plan.content), imagenes_ia: usage(plan.images) },
        },
      ],
      createdAt: new Date(instant(history, createdDay, random.between(28_800, 64_800))).toISOString(),
      updatedAt: new Date(instant(history, updatedDay, random.between(64_801, 80_000))).toISOString(),
    };
  });
}

/** The plans, as the hub's business.plans has them. */
const PLANS = [
  { planId: 'PLAN-STARTER', planName: 'Starter', content: 100, images: 20 },
  { planId: 'PLAN-GROWTH', planName: 'Growth', content: 1000, images: 200 },
  { planId: 'PLAN-ENTERPRISE', planName: 'Enterprise', content: null, images: null },
] as const;

function companyName(industry: number, pick: <T>(items: readonly T[]) => T, taken: Set<string>): string {
  const words = INDUSTRIES[industry]?.companyWords ?? [];
  for (;;) {
    const name = `${pick(words)} ${pick(PROPER_NAMES)}`;
    if (!taken.has(name)) {
      taken.add(name);
      return name;
    }
  }
}

/** A name in the letters of an address: 'Café Río Celeste' → 'cafe-rio-celeste'. */
export function slugOf(name: string): string {
  return withoutAccents(name)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

const PHONES: Readonly<Record<string, { readonly prefix: string; readonly first: string; readonly groups: readonly number[] }>> = {
  CR: { prefix: '+506', first: '678', groups: [4, 4] },
  MX: { prefix: '+52', first: '5389', groups: [2, 4, 4] },
  CO: { prefix: '+57', first: '3', groups: [3, 3, 4] },
  GT: { prefix: '+502', first: '345', groups: [4, 4] },
  PA: { prefix: '+507', first: '6', groups: [4, 4] },
  PE: { prefix: '+51', first: '9', groups: [3, 3, 3] },
  CL: { prefix: '+56', first: '9', groups: [1, 4, 4] },
  EC: { prefix: '+593', first: '9', groups: [2, 3, 4] },
  ES: { prefix: '+34', first: '6', groups: [3, 3, 3] },
};

/** A mobile number in the country's own grouping. `below` draws a whole number below its argument. */
export function phoneOf(countryCode: string, below: (limit: number) => number): string {
  const { prefix, first, groups } = PHONES[countryCode] ?? { prefix: '+506', first: '8', groups: [4, 4] };
  let phone = prefix;
  let lead = first.charAt(below(first.length));
  for (const length of groups) {
    const digits = length - lead.length;
    phone += ` ${lead}${digits === 0 ? '' : String(below(10 ** digits)).padStart(digits, '0')}`;
    lead = '';
  }
  return phone;
}
