import type { Clock } from '../../../shared/domain/clock.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { type EntityLookup, resolveCampaign, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { fold } from '../../../shared/domain/fold.ts';
import { type AskedPeriod, type ResolvedPeriod, resolvePeriod } from '../../../shared/domain/periods.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Campaigns } from '../../../shared/hub/campaigns.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Client } from '../../../shared/hub/clients.ts';
import type { AnsweredCampaign } from '../../../shared/mcp/contract.ts';
import type { AdDays, AdFilters } from '../repo/ad_days.ts';

export type AskedScope = AskedPeriod & {
  readonly campaignName?: string | undefined;
  readonly clientName?: string | undefined;
  readonly channel?: string | undefined;
  readonly objective?: string | undefined;
  readonly status?: string | undefined;
};

/** What a question is about: one campaign, or all that fit. */
export type AdScope = {
  readonly campaign: AnsweredCampaign | undefined;
  readonly filters: AdFilters;
  /** As the answer names it: 'Navidad 2026 (CMP-…); channel Instagram'. */
  readonly named: string;
};

export type ScopeRepos = { readonly campaigns: Campaigns; readonly clients: EntityLookup<Client>; readonly adDays: AdDays };

/** Finds what the question names. Errors: a campaign together with a client, objective or status is invalid_input; those of name resolution. */
export async function readScope(
  { campaignName, clientName, channel, objective, status }: AskedScope,
  repos: ScopeRepos,
  deadline: Deadline,
): Promise<AdScope> {
  if (campaignName !== undefined && [clientName, objective, status].some((filter) => filter !== undefined)) {
    throw new ToolError('invalid_input', 'A campaign was named together with a client, an objective or a status.', {
      remedy: 'Give campaignName alone (the client may follow the name), or the filters without it. A channel goes with either.',
    });
  }
  const [campaign, client, chosen] = await Promise.all([
    campaignName === undefined ? undefined : resolveCampaign(repos.campaigns, campaignName, deadline),
    clientName === undefined ? undefined : resolveEntity(CLIENT_KIND, repos.clients, clientName, deadline),
    channel === undefined ? undefined : chosenChannel(repos, channel, deadline),
  ]);
  const names = [
    campaign === undefined ? undefined : `${campaign.name} (${campaign.campaignId})`,
    client === undefined ? undefined : `client ${client.entity.company} (${client.entity.clientId})`,
    chosen === undefined ? undefined : `channel ${chosen.name}`,
    objective === undefined ? undefined : `objective ${objective}`,
    status === undefined ? undefined : `status ${status}`,
  ].filter((name) => name !== undefined);
  return {
    campaign,
    filters: {
      campaignId: campaign?.campaignId,
      clientId: campaign?.clientId ?? client?.entity.clientId,
      channelId: chosen?.id,
      objective,
      status,
    },
    named: names.length === 0 ? 'all campaigns' : names.join('; '),
  };
}

async function chosenChannel({ adDays }: ScopeRepos, asked: string, deadline: Deadline) {
  const channels = await adDays.channels(deadline);
  const wanted = fold(asked);
  const found =
    channels.find(({ id, name }) => fold(id) === wanted || fold(name) === wanted) ??
    channels.find(({ name }) => wanted.length > 2 && fold(name).includes(wanted));
  if (found !== undefined) return found;
  throw new ToolError('not_found', `There is no channel "${asked.slice(0, 60)}".`, {
    remedy: `There are: ${channels.map(({ id, name }) => `${name} (${id})`).join(', ')}.`,
  });
}

/** The asked period; without one the campaign's own days to date, or the words for many. Undefined before it starts. */
export function readScopePeriod(
  { period, startDate, endDate }: AskedPeriod,
  campaign: AnsweredCampaign | undefined,
  clock: Pick<Clock, 'today' | 'timeZone'>,
  words: string,
): ResolvedPeriod | undefined {
  const asked = { period, startDate, endDate };
  if (campaign === undefined) return resolvePeriod(asked, clock, { default: words });
  const isAsked = [period, startDate, endDate].some((part) => part !== undefined && part !== null && part.trim() !== '');
  if (!isAsked && campaign.startDate > clock.today()) return undefined;
  return resolvePeriod(asked, clock, { default: { from: campaign.startDate, to: campaign.endDate } });
}
