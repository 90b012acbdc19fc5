import type { LeadChange } from './crm_store.ts';

/** The steps of a plan. Throws RangeError for none: no step, a lead twice, an id that is no whole number above 0, a time that is no time. */
export function leadSteps(changes: readonly LeadChange[]): readonly LeadChange[] {
  const ids = changes.map(({ leadId, at }) => {
    requireTime(at);
    return requireLeadId(leadId);
  });
  if (ids.length === 0 || new Set(ids).size < ids.length) throw new RangeError('a plan has at least one step, and no lead twice');
  return changes;
}

export function requireLeadId(id: number): number {
  if (!Number.isSafeInteger(id) || id < 1) throw new RangeError(`${id} is no id of a lead`);
  return id;
}

export function requireTime(time: Date): Date {
  if (Number.isNaN(time.getTime())) throw new RangeError('a time of a plan is none');
  return time;
}
