import { SMALLEST_GROUP } from '../../../shared/access/smallest_group.ts';
import type { Clock } from '../../../shared/domain/clock.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { type EntityLookup, resolveCampaign, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { type AskedPeriod, type ResolvedPeriod, resolvePeriod } from '../../../shared/domain/periods.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Campaigns } from '../../../shared/hub/campaigns.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Client } from '../../../shared/hub/clients.ts';
import type { AnsweredCampaign } from '../../../shared/mcp/contract.ts';
import type { LeadFilters, Leads } from '../repo/leads.ts';

export type LeadRepos = { readonly campaigns: Campaigns; readonly clients: EntityLookup<Client>; readonly leads: Leads };

export type AskedLeadScope = {
  readonly clientName?: string | undefined;
  readonly campaignName?: string | undefined;
  readonly source?: string | undefined;
};

/** The leads a question is about. */
export type LeadScope = {
  readonly campaign: AnsweredCampaign | undefined;
  readonly filters: LeadFilters;
  /** As the answer names it: 'Navidad 2026 (CMP-…); source email'. */
  readonly named: string;
  /** Whose leads of other times are the usual ones. */
  readonly owner: { readonly clientId: string | undefined; readonly named: string };
};

/** Finds what the question names. Errors: a campaign together with a client is invalid_input; those of name resolution. */
export async function readLeadScope(asked: AskedLeadScope, repos: LeadRepos, deadline: Deadline): Promise<LeadScope> {
  const { campaignName, clientName, source } = asked;
  if (campaignName !== undefined && clientName !== undefined) {
    throw new ToolError('invalid_input', 'A campaign and a client were named together.', {
      remedy: 'Give campaignName alone (the client may follow the name: "Navidad 2025 de Café Tarrazú"), or clientName alone.',
    });
  }
  const [campaign, client] = await Promise.all([
    campaignName === undefined ? undefined : resolveCampaign(repos.campaigns, campaignName, deadline),
    clientName === undefined ? undefined : resolveEntity(CLIENT_KIND, repos.clients, clientName, deadline),
  ]);
  const names = [
    campaign === undefined ? undefined : `${campaign.name} (${campaign.campaignId})`,
    client === undefined ? undefined : `client ${client.entity.company} (${client.entity.clientId})`,
    source === undefined ? undefined : `source ${source}`,
  ].filter((name) => name !== undefined);
  const clientId = client?.entity.clientId ?? campaign?.clientId;
  return {
    campaign,
    // A campaign's leads are found by the campaign alone.
    filters: { clientId: client?.entity.clientId, campaignId: campaign?.campaignId, source },
    named: names.length === 0 ? 'all leads' : names.join('; '),
    owner: { clientId, named: clientId === undefined ? 'the company' : `client ${client?.entity.company ?? campaign?.clientName}` },
  };
}

/** The asked period; without one the campaign's own days to date, or the words for many. Undefined before it starts. Errors: those of resolvePeriod. */
export function readLeadPeriod(
  { period, startDate, endDate }: AskedPeriod,
  campaign: AnsweredCampaign | undefined,
  clock: Pick<Clock, 'today' | 'timeZone'>,
  words: string,
): { readonly period: ResolvedPeriod | undefined; readonly isWholeCampaign: boolean } {
  const asked = { period, startDate, endDate };
  if (campaign === undefined) return { period: resolvePeriod(asked, clock, { default: words }), isWholeCampaign: false };
  const isAsked = [period, startDate, endDate].some((part) => part !== undefined && part !== null && part.trim() !== '');
  if (!isAsked && campaign.startDate > clock.today()) return { period: undefined, isWholeCampaign: true };
  const read = resolvePeriod(asked, clock, { default: { from: campaign.startDate, to: campaign.endDate } });
  return { period: read, isWholeCampaign: read.from <= campaign.startDate && (read.to >= campaign.endDate || read.to === clock.today()) };
}

/** Why there are no leads, in words. */
export function noLeadsWarning({ campaign, named }: LeadScope, period: ResolvedPeriod | undefined): string {
  if (period === undefined)
    return `No data, which is not zero: ${named} has not started${campaign === undefined ? '' : `; it is planned from ${campaign.startDate} to ${campaign.endDate}`}.`;
  const when = `between ${period.from} and ${period.to}`;
  if (campaign !== undefined && period.to < campaign.startDate)
    return `No data, which is not zero: ${campaign.name} did not run ${when}; it started on ${campaign.startDate}.`;
  if (campaign !== undefined && period.from > campaign.endDate)
    return `No data, which is not zero: ${campaign.name} did not run ${when}; it ended on ${campaign.endDate}.`;
  return `No data, which is not zero: no lead of ${named} was created ${when}.`;
}

/** Why the figures of few customers are not told. */
export const TOO_FEW = `Fewer than ${SMALLEST_GROUP} customers (<${SMALLEST_GROUP}): not broken down without the scope crm:pii.`;
