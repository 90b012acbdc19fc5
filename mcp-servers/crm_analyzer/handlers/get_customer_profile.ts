import type { Audit } from '../../../shared/access/audit.ts';
import { shownPerson } from '../../../shared/access/personal_data.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { Customer, CustomerProfiles } from '../repo/customer_profile.ts';
import { MOST_EVENTS, profileAnswer, profileText } from '../service/customer_profile.ts';
import { customerReferences } from '../service/customer_reference.ts';
import { getCustomerProfile } from '../tools/get_customer_profile.ts';
import { personalReading } from './personal_reading.ts';

export type CustomerProfileRepos = { readonly customerProfiles: CustomerProfiles; readonly audit: Audit };

export const handleGetCustomerProfile: Handler<typeof getCustomerProfile, CustomerProfileRepos> = async (
  { customer: asked, reason },
  { repos, caller, clock, deadline },
) => {
  const reading = personalReading(caller, reason);
  const { mayIdentify } = reading;
  const { timeZone } = clock;
  const { customerProfiles: profiles } = repos;
  const { customer, matchedBy } = await findCustomer(asked, profiles, timeZone, deadline);
  const id = customer.customerId;
  const [people, totals, events, campaigns] = await Promise.all([
    profiles.people([id], deadline),
    profiles.totals(id, timeZone, deadline),
    profiles.events(id, MOST_EVENTS, timeZone, deadline),
    profiles.campaigns(id, timeZone, deadline),
  ]);
  const person = people.get(id);
  if (person === undefined) throw notFound('Who that customer is is not in the hub: deleted just now, or not loaded yet.');
  if (reading.mayIdentify) {
    await repos.audit.recordReads(
      {
        actor: caller.client,
        action: getCustomerProfile.name,
        subjects: [`customer:${id}`],
        reason: reading.reason,
        details: { foundBy: matchedBy },
      },
      deadline,
    );
  }
  const data = profileAnswer(
    { customer, person: shownPerson(person, mayIdentify), totals, events, campaigns },
    { matchedBy, mayIdentify, timeZone },
  );
  const [latest] = data.campaigns;
  return {
    data,
    text: profileText(data),
    page: { returned: data.timeline.length, total: data.counts.events, nextCursor: null },
    next:
      latest === undefined
        ? []
        : [
            {
              tool: 'get_campaign_performance',
              arguments: { campaignName: latest.campaignId },
              why: 'how the campaign that reached it last does',
            },
          ],
  };
};

/**
 * Errors: not_found, which says whether contacts can be looked up yet; ambiguous with the ids when several share a contact. No message
 * repeats what was asked: it can be somebody's e-mail.
 */
async function findCustomer(
  asked: string,
  profiles: CustomerProfiles,
  timeZone: string,
  deadline: Deadline,
): Promise<{ readonly customer: Customer; readonly matchedBy: string }> {
  const references = customerReferences(asked);
  if (references.length === 0) {
    throw new ToolError('invalid_input', 'That is neither an id nor an e-mail, phone or document.', {
      remedy: "Give the customer's id, or the exact e-mail, phone with country code (+506 8888 7777), or document.",
    });
  }
  for (const reference of references) {
    const ids =
      reference.kind === 'id' ? [reference.id] : await profiles.customersByContact(reference.kind, reference.normalised, deadline);
    if (ids.length > 1) {
      throw new ToolError('ambiguous', `${ids.length} customers or more have this ${reference.kind}.`, {
        remedy: 'Ask again with the id of the one that is meant.',
        candidates: ids.map((id) => ({ customerId: String(id) })),
      });
    }
    const [id] = ids;
    const customer = id === undefined ? undefined : await profiles.customer(id, timeZone, deadline);
    if (customer !== undefined) return { customer, matchedBy: reference.kind };
  }
  const areIndexed = await profiles.contactsAreIndexed(deadline);
  const kinds = references.filter(({ kind }) => areIndexed || kind === 'id').map(({ kind }) => kind);
  const unknown = kinds.length === 0 ? [] : [`No customer has this ${kinds.join(' or ')}.`];
  throw notFound([...unknown, ...(areIndexed ? [] : ['Contacts are still being loaded, so no customer is found by one yet.'])].join(' '));
}

function notFound(message: string): ToolError {
  return new ToolError('not_found', message, {
    remedy: "Check it, or give the customer's id; find_nearby_customers and rank_customers list ids.",
  });
}
