import { expect, it } from 'vitest';
import { describeForEachHost } from '../support/each_host.ts';
import { query } from '../support/etl_databases.ts';

const NEXT_STAGE: Readonly<Record<string, string>> = { new: 'contacted', contacted: 'qualified', qualified: 'proposal', proposal: 'won' };

/** The tools of crm_analyzer (T4) as hosts call them, on a whole stack. What each answers is held by tests of its own. */
describeForEachHost('crm_analyzer', ({ stack, host, ask }) => {
  it('lists seven tools', async () => {
    expect((await host().listTools()).map(({ name }) => name)).toEqual([
      'get_lead_metrics',
      'get_lead_funnel',
      'segment_customers',
      'rank_customers',
      'find_nearby_customers',
      'get_customer_profile',
      'update_lead_stage',
    ]);
  });

  it('counts leads, follows them, divides customers, ranks them, and finds those near a place', async () => {
    expect(await ask('get_lead_metrics', { period: 'últimos 90 días', groupBy: 'source', cohorts: true })).toMatchObject({
      status: 'data',
      groups: expect.any(Array),
    });
    expect(await ask('get_lead_funnel', { period: 'this year' })).toMatchObject({ status: 'data', steps: [{}, {}, {}, {}] });
    for (const method of ['rfm', 'type', 'industry', 'potential', 'region', 'segment']) {
      const { segments } = await ask('segment_customers', { method });
      expect((segments as unknown[]).length).toBeGreaterThan(1);
    }
    for (const metric of ['revenue', 'churn_risk', 'expected_value']) {
      const { customers } = await ask('rank_customers', { metric, partition: 'country', top: 2 });
      expect((customers as { rank: number }[]).map(({ rank }) => rank)).toContain(1);
    }
    expect(await ask('find_nearby_customers', { place: 'San José, Costa Rica', radiusKm: 25 })).toMatchObject({ status: 'data' });
  });

  it('tells the whole history of one customer, masked', async () => {
    const { customers } = await ask('rank_customers', { metric: 'orders', limit: 1 });
    const [{ customerId } = { customerId: 0 }] = customers as { customerId: number }[];
    const profile = await ask('get_customer_profile', { customer: String(customerId) });
    expect(profile).toMatchObject({ customerId, matchedBy: 'id', basis: { masked: true }, name: expect.stringContaining('•') });
    expect((profile.timeline as unknown[]).length).toBeGreaterThan(0);
    const [person] = await query(stack().urls.crm, 'SELECT email FROM crm.customers WHERE customer_id = $1', [customerId]);
    expect(await ask('get_customer_profile', { customer: person?.email })).toMatchObject({ customerId, matchedBy: 'email' });
  });

  it('plans to move a lead, moves it once, and the next load brings it to the hub', async () => {
    const [lead] = await query(
      stack().urls.crm,
      `SELECT lead_id, stage FROM crm.leads WHERE stage = ANY ($1) ORDER BY created_at DESC, lead_id LIMIT 1`,
      [Object.keys(NEXT_STAGE)],
    );
    const leadId = Number(lead?.lead_id);
    const stage = NEXT_STAGE[String(lead?.stage)];
    const question = { changes: [{ leadId, stage }] };
    const { status, confirmationToken } = await ask('update_lead_stage', question);
    expect(status).toBe('needs_confirmation');
    expect(await ask('update_lead_stage', { ...question, confirmationToken })).toMatchObject({ status: 'applied' });
    expect(await ask('update_lead_stage', { ...question, confirmationToken })).toMatchObject({ status: 'already_applied' });
    await stack().cli('etl', 'once');
    const [hub] = await query(stack().urls.hubAdmin, 'SELECT stage FROM crm.leads WHERE lead_id = $1', [leadId]);
    expect(hub?.stage).toBe(stage);
  });
});
