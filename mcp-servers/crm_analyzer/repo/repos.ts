import { type Audit, openAudit } from '../../../shared/access/audit.ts';
import { type DataKeys, dataKeysIn } from '../../../shared/access/data_keys.ts';
import { type PlanSigner, planSigner } from '../../../shared/access/plan_token.ts';
import type { Settings } from '../../../shared/config/settings.ts';
import type { SqlDatabase } from '../../../shared/db/sql_database.ts';
import type { EntityLookup } from '../../../shared/domain/entity_resolution.ts';
import { openedOnce } from '../../../shared/domain/opened_once.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import { type Campaigns, openCampaigns } from '../../../shared/hub/campaigns.ts';
import { type Client, openClients } from '../../../shared/hub/clients.ts';
import type { CrmStore } from '../../../shared/sources/crm_store.ts';
import { openBuyers } from './buyers.ts';
import { type CustomerOrders, openCustomerOrders } from './customer_orders.ts';
import { type CustomerProfiles, openCustomerProfiles } from './customer_profile.ts';
import { type CustomerRanking, openCustomerRanking } from './customer_ranking.ts';
import { type Leads, openLeads } from './leads.ts';
import { type NearbyCustomers, openNearbyCustomers } from './nearby_customers.ts';
import { openCrm } from './open_crm.ts';
import { openPlaces, type Place } from './places.ts';

/** What the CRM analyzer's tools read and write, one part a subject. */
export type CrmAnalyzerRepos = {
  readonly campaigns: Campaigns;
  readonly clients: EntityLookup<Client>;
  readonly places: EntityLookup<Place>;
  readonly leads: Leads;
  readonly customerOrders: CustomerOrders;
  readonly customerRanking: CustomerRanking;
  readonly customerProfiles: CustomerProfiles;
  readonly nearbyCustomers: NearbyCustomers;
  /** Where unmasked readings are written down. */
  readonly audit: Audit;
  /** PromptCRM, opened at first use. Throws ToolError 'unavailable' where its address is not set. */
  readonly crm: () => Promise<CrmStore>;
  /** Signs plans that await a confirmation. */
  readonly plans: PlanSigner;
};

/** The repos over the hub, and the way into PromptCRM. Reads nothing yet. */
export function openRepos(hub: SqlDatabase, settings: Settings): CrmAnalyzerRepos {
  const buyers = openBuyers(hub);
  return {
    campaigns: openCampaigns(hub),
    clients: openClients(hub),
    places: openPlaces(hub),
    leads: openLeads(hub),
    customerOrders: openCustomerOrders(hub, buyers),
    customerRanking: openCustomerRanking(hub, buyers),
    customerProfiles: openCustomerProfiles(hub, dataKeysOf(hub, settings)),
    nearbyCustomers: openNearbyCustomers(hub),
    audit: auditOf(settings),
    crm: openCrm(settings.urls.crmWriter),
    plans: planSigner(settings.planKey),
  };
}

/** The data keys, which only an answer with people in it needs: until then no certificate is read. */
function dataKeysOf(hub: SqlDatabase, settings: Settings): DataKeys {
  return dataKeysIn(hub, async () => {
    const { certificateFolder, readCertificates } = await import('../../../shared/access/certificates.ts');
    return readCertificates(certificateFolder(settings));
  });
}

/** Connected when the first unmasked reading is written down: most processes never see one. */
function auditOf({ urls: { hub } }: Settings): Audit {
  const audit = openedOnce(async () => {
    if (hub === undefined) throw new ToolError('unavailable', 'Personal data is not shown: there is no hub to write its reading down in.');
    return openAudit(hub, { applicationName: 'crm_analyzer audit' });
  });
  return { recordReads: async (read, deadline) => (await audit()).recordReads(read, deadline) };
}
