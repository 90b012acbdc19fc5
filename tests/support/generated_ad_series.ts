import { historyBefore, isoDay } from '../../database/generator/calendar.ts';
import { generateCampaigns } from '../../database/generator/campaigns.ts';
import { CHANNELS } from '../../database/generator/channels.ts';
import { generateClients } from '../../database/generator/clients.ts';
import { emptyMetricBlock, fillMetricBlock, plannedMonths } from '../../database/generator/metrics.ts';
import { SCALES } from '../../database/generator/scales.ts';
import type { AdSeries } from '../../mcp-servers/ads_optimizer/repo/ad_days.ts';
import { type DayRange, daysBetween, lengthOf } from '../../shared/domain/calendar_day.ts';

export type GeneratedSeries = AdSeries;

const SEED = 7;
const TODAY = '2026-11-21';
/** As the full data set plans them, but fewer. */
const PLAN = { ...SCALES.full.campaigns, count: 300, flagships: { ...SCALES.full.campaigns.flagships, count: 30 } };

/** What the generator's campaigns did by channel and day, as the hub's roll-up of it would be read. `budget` is the median campaign's, USD. */
export function generatedAdSeries(read: DayRange, budget: number = PLAN.budget): readonly GeneratedSeries[] {
  const history = historyBefore(TODAY);
  const clients = generateClients(SEED, 60);
  const campaigns = generateCampaigns(SEED, history, clients, { ...PLAN, budget });
  const block = emptyMetricBlock();
  const offset = daysBetween(read.from, isoDay(history, 0));
  return campaigns.flatMap((campaign) => {
    fillMetricBlock(block, SEED, history, campaign);
    const planned = plannedMonths(history, campaign);
    return campaign.channels.flatMap((channel): GeneratedSeries[] => {
      const sums = new Map<number, [number, number, number, number]>();
      for (let row = 0; row < block.rows; row++) {
        const day = (block.day[row] as number) + offset;
        if (block.channel[row] !== channel || day < 0 || day >= lengthOf(read)) continue;
        const sum = sums.get(day) ?? [0, 0, 0, 0];
        for (const [at, column] of [block.spendCents, block.impressions, block.clicks, block.conversions].entries()) {
          sum[at] = (sum[at] as number) + (column[row] as number);
        }
        sums.set(day, sum);
      }
      if (sums.size === 0) return [];
      const days = [...sums.keys()].sort((one, other) => one - other);
      const column = (at: number): readonly number[] => days.map((day) => sums.get(day)?.[at] ?? 0);
      const { channelId, name } = CHANNELS[channel] as (typeof CHANNELS)[number];
      return [
        {
          campaignId: campaign.campaignId,
          campaign: campaign.name,
          clientName: clients[campaign.client]?.company ?? '',
          channelId,
          channel: name,
          startDate: isoDay(history, campaign.start),
          endDate: isoDay(history, campaign.end),
          days,
          spend: column(0),
          impressions: column(1),
          clicks: column(2),
          conversions: column(3),
          planned: new Map(planned.filter((part) => part.channel === channel).map(({ month, cents }) => [month.slice(0, 7), cents])),
        },
      ];
    });
  });
}
