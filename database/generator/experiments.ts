import { type History, isoDay } from './calendar.ts';
import type { Campaign } from './campaigns.ts';
import { CHANNELS } from './channels.ts';
import { randomStream } from './random.ts';

export type Experiment = {
  readonly experimentId: string;
  /** Index of its campaign. */
  readonly campaign: number;
  readonly name: string;
  readonly hypothesis: string;
  readonly metric: 'conversion_rate' | 'click_rate';
  /** Planned share of the treatment in ten-thousandths. */
  readonly allocation: number;
  /** Days of the history. */
  readonly startedOn: number;
  /** Null while it runs. */
  readonly endedOn: number | null;
  /** What the treatment does to the rate in truth: 0.1 is ten percent more. For tests; it is not written. */
  readonly trueLift: number;
  readonly days: readonly {
    readonly arm: 'control' | 'treatment';
    readonly day: number;
    readonly visitors: number;
    readonly successes: number;
  }[];
};

const IDEAS = [
  ['Titular con precio', 'Un titular que dice el precio convierte más que uno que habla de la marca', 'conversion_rate'],
  ['Video corto o foto', 'Un video de seis segundos recibe más clics que la foto', 'click_rate'],
  ['Botón de WhatsApp', 'Escribir por WhatsApp vende más que el formulario', 'conversion_rate'],
  ['Envío gratis a la vista', 'Mostrar el envío gratis desde el anuncio sube las compras', 'conversion_rate'],
  ['Testimonios', 'La voz de una clienta convence más que la lista de características', 'conversion_rate'],
  ['Fondo de color', 'Un fondo de color vivo recibe más clics que el blanco', 'click_rate'],
  ['Cuenta regresiva', 'Una cuenta regresiva acelera la decisión', 'conversion_rate'],
  ['Trato de vos o de usted', 'El trato de vos acerca y recibe más clics', 'click_rate'],
  ['Página corta', 'Una página con la mitad de texto convierte más', 'conversion_rate'],
  ['Carrusel', 'Un carrusel de tres productos recibe más clics que uno solo', 'click_rate'],
] as const;
/** True effects: a good third do nothing, most of the rest help, some harm. */
const LIFTS = [0, 0, 0, 0, 0.08, 0.12, 0.15, 0.2, 0.3, -0.1, -0.15] as const;

/** A/B experiments in campaigns that ran long enough, most of them finished. */
export function generateExperiments(seed: number, history: History, campaigns: readonly Campaign[], count: number): readonly Experiment[] {
  const random = randomStream(seed, 'experiments');
  const longEnough = campaigns.flatMap((campaign, index) => (campaign.factsEnd - campaign.start >= 21 ? [index] : []));
  return Array.from({ length: count }, (_, position): Experiment => {
    // Every third one is in a campaign that runs now, so that some experiments are open.
    const running = longEnough.filter((index) => campaigns[index]?.status === 'active');
    const campaignIndex = random.pick(position % 3 === 0 ? running : longEnough);
    const campaign = campaigns[campaignIndex] as Campaign;
    const [idea, hypothesis, metric] = random.pick(IDEAS);
    const open = position % 3 === 0 && random.chance(0.6);
    const length = random.between(12, 20);
    const startedOn = open ? campaign.factsEnd - length : campaign.start + random.below(campaign.factsEnd - campaign.start - length);
    const endedOn = open ? null : startedOn + length - 1;
    const allocation = random.pick([5000, 5000, 5000, 3000, 2000]);
    const rate = metric === 'click_rate' ? random.logNormal(0.016, 0.4) : random.logNormal(0.034, 0.4);
    const trueLift = random.pick(LIFTS);
    const visitorsADay = random.logNormal(900, 0.7);
    const days: Experiment['days'][number][] = [];
    for (const arm of ['control', 'treatment'] as const) {
      const share = (arm === 'treatment' ? allocation : 10_000 - allocation) / 10_000;
      const armRate = Math.min(0.5, arm === 'treatment' ? rate * (1 + trueLift) : rate);
      for (let day = startedOn; day < startedOn + length; day++) {
        const weekday = (CHANNELS[campaign.channels[0] ?? 0] as (typeof CHANNELS)[number]).weekdays[
          history.weekday[day] as number
        ] as number;
        const visitors = Math.max(1, random.poisson(visitorsADay * share * weekday));
        days.push({ arm, day, visitors, successes: Math.min(visitors, random.poisson(visitors * armRate)) });
      }
    }
    const experimentId = `EXP-${isoDay(history, startedOn).slice(0, 4)}-${String(position + 1).padStart(3, '0')}`;
    return {
      experimentId,
      campaign: campaignIndex,
      name: `${idea} – ${campaign.name}`,
      hypothesis,
      metric,
      allocation,
      startedOn,
      endedOn,
      trueLift,
      days,
    };
  });
}
