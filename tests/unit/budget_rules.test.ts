import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetChanges, budgetTotals } from '../../mcp-servers/ads_optimizer/service/budget_change.ts';
import { brokenRules, rulesKept } from '../../mcp-servers/ads_optimizer/service/budget_rules.ts';
import { decimal } from '../../shared/domain/money.ts';
import type { BudgetRule, RuleFinding } from '../../shared/sources/ads_store.ts';

const state = {
  campaignId: 'CMP-1',
  name: 'Verano',
  status: 'active',
  budget: '1000.00',
  currency: 'USD',
  plannedInAll: '600.10',
  channels: [
    { channelId: 'instagram', name: 'Instagram', planned: '300.10' },
    { channelId: 'google_search', name: 'Búsqueda', planned: null },
    { channelId: 'email', name: 'Correo', planned: '0.00' },
  ],
};

const finding = (rule: BudgetRule, more: Partial<RuleFinding> = {}): RuleFinding => ({
  rule,
  campaignId: 'CMP-1',
  month: '2026-02-01',
  channelId: 'instagram',
  ok: true,
  found: null,
  fewest: null,
  most: null,
  ...more,
});

describe('what a rule says', () => {
  it('tells the amounts a step may lead to, and each of them is allowed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 30_000 }), (cents, hundredths) => {
        const was = decimal(cents).div(100).toFixed(2);
        const percent = decimal(hundredths).div(100).toFixed(2);
        const channels = [{ channelId: 'instagram', name: 'Instagram', planned: was }];
        const broken = finding('most_change', { ok: false, found: '999.00', fewest: `-${percent}`, most: percent });
        const said = /between \$([\d,.]+) and \$([\d,.]+)\./.exec(brokenRules([broken], { channels }).message);
        for (const amount of [said?.[1], said?.[2]]) {
          const moved = decimal((amount ?? '').replaceAll(',', ''))
            .minus(was)
            .abs();
          expect(moved.times(100).lte(decimal(percent).times(was))).toBe(true);
        }
      }),
    );
  });

  it('tells of every rule once, in the order people ask, with the figure nearest to its limit', () => {
    const found = [
      finding('campaign_budget', { channelId: null, found: '1200.00', most: null }),
      finding('most_per_month', { found: '500.00', most: '400.00' }),
      finding('most_per_month', { found: '90.00', most: '400.00', channelId: 'email' }),
      finding('share', { found: '0.25', fewest: '0.05' }),
      finding('share', { found: '0.75', fewest: '0.05', channelId: 'email' }),
      finding('most_change', { found: '-40.00', most: '50.00' }),
      finding('most_change', { found: '12.00', most: '50.00', channelId: 'email' }),
      finding('status', { channelId: null, found: 'paused' }),
    ];
    expect(rulesKept(found, state).map(({ rule, says }) => `${rule}: ${says}`)).toEqual([
      'status: The campaign is paused: neither a draft nor completed.',
      'most_per_month: At most $400.00 a channel and month; the highest here is $500.00 (Instagram), above that before and not further now.',
      'most_change: At most 50% up or down a channel; the largest here is -40% (Instagram).',
      "share: At least 5% of the month's plan a channel; here from 25% (Instagram) to 75% (Correo).",
      'campaign_budget: All months together are $1,200.00; the rules let the campaign exceed its budget.',
    ]);
  });

  it('says what a campaign has when a channel is none of it', () => {
    const broken = finding('channel', { ok: false, channelId: 'fax', found: 'fax' });
    expect(brokenRules([broken], { channels: [] }).message).toContain('"fax"; its channels: none.');
  });
});

describe('the channels of a change', () => {
  it.each([
    ['GOOGLE_SEARCH', 'google_search'],
    ['busqueda', 'google_search'],
    ['Búsqueda', 'google_search'],
    ['fax', 'fax'],
  ])('%s is %s', (channel, channelId) => {
    expect(budgetChanges(state, [{ channel, planned: 1.5 }])).toMatchObject([{ channelId, expected: null, planned: '1.50' }]);
  });

  it('keep the values their plan was made of', () => {
    const seen = new Map([['instagram', '280.00']]);
    expect(budgetChanges(state, [{ channel: 'instagram', planned: 300 }], seen)).toMatchObject([{ expected: '280.00', planned: '300.00' }]);
  });

  it('add up exactly', () => {
    const changes = budgetChanges(state, [
      { channel: 'instagram', planned: 300.3 },
      { channel: 'email', planned: 0.7 },
      { channel: 'google_search', planned: 0.1 },
    ]);
    const totals = budgetTotals(state, changes);
    expect(Object.fromEntries(Object.entries(totals).map(([name, amount]) => [name, amount.toFixed(2)]))).toEqual({
      monthOld: '300.10',
      monthNew: '301.10',
      campaignOld: '600.10',
      campaignNew: '601.10',
      campaignBudget: '1000.00',
    });
  });
});
