import { BinaryCopyWriter, encodeText } from '../../shared/db/binary_copy.ts';
import { epochDayOf, type History, instant } from './calendar.ts';
import type { Campaign } from './campaigns.ts';
import type { Change } from './change_log.ts';
import { CHANNELS } from './channels.ts';
import type { Client } from './clients.ts';
import type { Experiment } from './experiments.ts';
import { COUNTRIES } from './geography.ts';
import type { Image } from './images.ts';
import type { Touches } from './journeys.ts';
import { type MetricBlock, plannedMonths } from './metrics.ts';
import type { Ad, AdSet } from './publications.ts';

const CHANNEL_IDS = CHANNELS.map((channel) => encodeText(channel.channelId));
const TOUCH_KINDS = ['view', 'click'].map(encodeText);

export function* channelRows(): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const channel of CHANNELS) rows.row(3).text(channel.channelId).text(channel.name).text(channel.kind);
  yield rows.end();
}

export function* campaignRows(history: History, campaigns: readonly Campaign[], clients: readonly Client[]): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const campaign of campaigns) {
    rows
      .row(13)
      .text(campaign.campaignId)
      .text(clients[campaign.client]?.clientId ?? '')
      .text(campaign.name)
      .text(campaign.objective)
      .text(campaign.status)
      .date(history.firstEpochDay + campaign.start)
      .date(history.firstEpochDay + campaign.end)
      .decimal(campaign.budgetCents, 2)
      .text('USD')
      .textArray(campaign.countries.map((country) => COUNTRIES[country]?.code ?? ''))
      .text(campaign.audience)
      .timestamptz(campaign.createdAt)
      .timestamptz(campaign.updatedAt);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

/** `reach` by campaign and channel, in the order of each campaign's channels. */
export function* campaignChannelRows(campaigns: readonly Campaign[], reach: readonly (readonly number[])[]): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const [index, campaign] of campaigns.entries()) {
    for (const [position, channel] of campaign.channels.entries()) {
      rows
        .row(4)
        .text(campaign.campaignId)
        .encoded(CHANNEL_IDS[channel] as Uint8Array)
        .decimal(campaign.channelShares[position] ?? 0, 4)
        .int8(reach[index]?.[position] ?? 0);
    }
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* campaignBudgetRows(history: History, campaigns: readonly Campaign[]): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const campaign of campaigns) {
    for (const { channel, month, cents } of plannedMonths(history, campaign)) {
      rows
        .row(4)
        .text(campaign.campaignId)
        .encoded(CHANNEL_IDS[channel] as Uint8Array)
        .date(epochDayOf(month))
        .decimal(cents, 2);
    }
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

/** Writes one campaign's block of daily figures to `rows`, and yields the chunks that become full. */
export function* metricRows(rows: BinaryCopyWriter, history: History, campaign: Campaign, metrics: MetricBlock): Generator<Uint8Array> {
  const campaignId = encodeText(campaign.campaignId);
  for (let row = 0; row < metrics.rows; row++) {
    rows
      .row(9)
      .encoded(campaignId)
      .encoded(CHANNEL_IDS[metrics.channel[row] as number] as Uint8Array)
      .int4((metrics.city[row] as number) + 1)
      .date(history.firstEpochDay + (metrics.day[row] as number))
      .decimal(metrics.spendCents[row] as number, 2)
      .int4(metrics.impressions[row] as number)
      .int4(metrics.clicks[row] as number)
      .int4(metrics.engagements[row] as number)
      .int4(metrics.conversions[row] as number);
    if (rows.full) yield rows.take();
  }
}

export function* touchRows(history: History, campaigns: readonly Campaign[], touches: Touches): Generator<Uint8Array> {
  const campaignIds = campaigns.map((campaign) => encodeText(campaign.campaignId));
  const zero = instant(history, 0, 0);
  const rows = new BinaryCopyWriter();
  for (let i = 0; i < touches.count; i++) {
    rows
      .row(6)
      .int8(i + 1)
      .int8((touches.customer[i] as number) + 1)
      .encoded(campaignIds[touches.campaign[i] as number] as Uint8Array)
      .encoded(CHANNEL_IDS[touches.channel[i] as number] as Uint8Array)
      .encoded(TOUCH_KINDS[touches.isClick[i] as number] as Uint8Array)
      .timestamptz(zero + (touches.second[i] as number) * 1000);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* adSetRows(campaigns: readonly Campaign[], adSets: readonly AdSet[]): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const adSet of adSets) {
    rows
      .row(9)
      .text(adSet.adSetId)
      .text(campaigns[adSet.campaign]?.campaignId ?? '')
      .encoded(CHANNEL_IDS[adSet.channel] as Uint8Array)
      .text(adSet.name)
      .jsonb(JSON.stringify(adSet.targeting))
      .text(adSet.bidStrategy);
    if (adSet.bid === null) rows.null();
    else rows.decimal(adSet.bid, 4);
    rows.decimal(adSet.dailyBudgetCents, 2).text(adSet.status);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* adRows(
  history: History,
  campaigns: readonly Campaign[],
  adSets: readonly AdSet[],
  ads: readonly Ad[],
  images: readonly Image[],
): Generator<Uint8Array> {
  const zero = instant(history, 0, 0);
  const rows = new BinaryCopyWriter();
  for (const ad of ads) {
    const adSet = adSets[ad.adSet] as AdSet;
    rows
      .row(8)
      .text(ad.adId)
      .text(adSet.adSetId)
      .text(campaigns[adSet.campaign]?.campaignId ?? '')
      .encoded(CHANNEL_IDS[adSet.channel] as Uint8Array)
      .text(images[ad.image]?.contentId ?? '')
      .text(ad.headline)
      .text(ad.status)
      .timestamptz(zero + ad.published * 1000);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* experimentRows(
  history: History,
  campaigns: readonly Campaign[],
  experiments: readonly Experiment[],
): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const experiment of experiments) {
    rows
      .row(8)
      .text(experiment.experimentId)
      .text(campaigns[experiment.campaign]?.campaignId ?? '')
      .text(experiment.name)
      .text(experiment.hypothesis)
      .text(experiment.metric)
      .decimal(experiment.allocation, 4)
      .date(history.firstEpochDay + experiment.startedOn);
    if (experiment.endedOn === null) rows.null();
    else rows.date(history.firstEpochDay + experiment.endedOn);
  }
  yield rows.end();
}

export function* experimentDayRows(history: History, experiments: readonly Experiment[]): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const experiment of experiments) {
    for (const { arm, day, visitors, successes } of experiment.days) {
      rows
        .row(5)
        .text(experiment.experimentId)
        .text(arm)
        .date(history.firstEpochDay + day)
        .int4(visitors)
        .int4(successes);
    }
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* changeRows(history: History, campaigns: readonly Campaign[], changes: readonly Change[]): Generator<Uint8Array> {
  const zero = instant(history, 0, 0);
  const rows = new BinaryCopyWriter();
  for (const [index, change] of changes.entries()) {
    rows
      .row(9)
      .int8(index + 1)
      .text(campaigns[change.campaign]?.campaignId ?? '')
      .text(change.entity)
      .text(change.entityId)
      .text(change.field);
    if (change.oldValue === null) rows.null();
    else rows.text(change.oldValue);
    rows
      .text(change.newValue)
      .text(change.changedBy)
      .timestamptz(zero + change.second * 1000);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}
