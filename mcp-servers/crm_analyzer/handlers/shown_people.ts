import { type ShownPerson, shownPerson } from '../../../shared/access/personal_data.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { CustomerProfiles } from '../repo/customer_profile.ts';
import type { PersonalReading } from './personal_reading.ts';

/** People of a list by customer id, as the caller may see them, and what has to be told with them. */
export type ShownPeople = { readonly people: ReadonlyMap<number, ShownPerson>; readonly warnings: readonly string[] };

/**
 * Who the customers of a list are. A list is of use without masked names too: while these cannot be read, it comes without, with a warning. To
 * who may identify people they are what was asked for: then the ToolError 'unavailable' is passed on.
 */
export async function shownPeople(
  profiles: Pick<CustomerProfiles, 'people'>,
  ids: readonly number[],
  { mayIdentify }: PersonalReading,
  deadline: Deadline,
): Promise<ShownPeople> {
  if (ids.length === 0) return { people: new Map(), warnings: [] };
  try {
    const found = await profiles.people(ids, deadline);
    return { people: new Map([...found].map(([id, person]) => [id, shownPerson(person, mayIdentify)])), warnings: [] };
  } catch (error) {
    if (mayIdentify || !(error instanceof ToolError) || error.errorClass !== 'unavailable') throw error;
    return { people: new Map(), warnings: [`Without names: ${error.message}`] };
  }
}
