import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAN_MINUTES, refusedPlan, signPlan, verifyPlan } from '../../shared/access/plan_token.ts';
import { canonicalJson } from '../../shared/domain/canonical_json.ts';

const key = new Uint8Array(32).fill(7);
const otherKey = new Uint8Array(32).fill(8);
const now = new Date('2026-01-30T12:00:00Z');
const me = { caller: 'ana', tool: 'save_campaign_content' };
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const plan = fc.jsonValue();

describe('a signed plan (two-step writes)', () => {
  it('comes back as it was, for the same caller and tool, until it expires', () => {
    fc.assert(
      fc.property(plan, fc.integer({ min: 0, max: PLAN_MINUTES * 60_000 - 1 }), (value, later) => {
        const { token, planId } = signPlan(value, me, key, now);
        const verified = verifyPlan(token, { ...me, expected: value }, key, new Date(now.getTime() + later));
        expect(verified).toMatchObject({ ok: true, planId });
        expect(canonicalJson(verified.ok && verified.plan)).toBe(canonicalJson(value));
      }),
    );
  });

  it('is refused when any character of its token is another', () => {
    const { token } = signPlan({ messages: [1, 2, 3], costUsd: '0.0123' }, me, key, now);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...'ABCxyz019-_.'), (at, letter) => {
        fc.pre(token[at] !== letter);
        const altered = token.slice(0, at) + letter + token.slice(at + 1);
        expect(verifyPlan(altered, me, key, now)).toEqual({ ok: false, refusal: 'forged' });
      }),
    );
  });

  it('is refused whatever else is sent as a token', () => {
    fc.assert(
      fc.property(fc.string(), (token) => {
        expect(verifyPlan(token, me, key, now)).toEqual({ ok: false, refusal: 'forged' });
      }),
    );
    expect(verifyPlan(`v1.${'A'.repeat(100_000)}.${'A'.repeat(43)}`, me, key, now)).toEqual({ ok: false, refusal: 'forged' });
  });

  it('is refused under another key', () => {
    const { token } = signPlan({ a: 1 }, me, key, now);
    expect(verifyPlan(token, me, otherKey, now)).toEqual({ ok: false, refusal: 'forged' });
  });

  it('expires after 15 minutes, to the millisecond', () => {
    const { token, expiresAt } = signPlan({ a: 1 }, me, key, now);
    expect(expiresAt).toEqual(minutes(15));
    expect(verifyPlan(token, me, key, new Date(expiresAt.getTime() - 1)).ok).toBe(true);
    expect(verifyPlan(token, me, key, expiresAt)).toEqual({ ok: false, refusal: 'expired' });
  });

  it('is of no use to another caller or for another tool, whatever they are called', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (caller, tool) => {
        const { token } = signPlan({ a: 1 }, me, key, now);
        fc.pre(caller !== me.caller && tool !== me.tool);
        expect(verifyPlan(token, { ...me, caller }, key, now)).toEqual({ ok: false, refusal: 'other caller' });
        expect(verifyPlan(token, { ...me, tool }, key, now)).toEqual({ ok: false, refusal: 'other tool' });
      }),
    );
  });

  it('is refused when what is asked is no longer what was planned, and not for the order in which it is written', () => {
    const { token } = signPlan({ campaignId: 'CMP-1', messages: ['a', 'b'] }, me, key, now);
    const verify = (expected: unknown) => verifyPlan(token, { ...me, expected }, key, now);
    expect(verify({ messages: ['a', 'b'], campaignId: 'CMP-1' }).ok).toBe(true);
    expect(verify({ campaignId: 'CMP-1', messages: ['b', 'a'] })).toEqual({ ok: false, refusal: 'changed plan' });
    expect(verify({ campaignId: 'CMP-2', messages: ['a', 'b'] })).toEqual({ ok: false, refusal: 'changed plan' });
  });

  it('is not signed with a short key', () => {
    expect(() => signPlan({}, me, new Uint8Array(31), now)).toThrow(/32 bytes/);
  });

  it('is refused with what to do next, and another’s plan as forbidden', () => {
    expect(refusedPlan('expired', me.tool)).toMatchObject({
      errorClass: 'invalid_input',
      message: 'The plan is older than 15 minutes.',
      remedy: expect.stringContaining('save_campaign_content again without a token'),
    });
    expect(refusedPlan('other caller', me.tool).errorClass).toBe('forbidden');
  });
});
