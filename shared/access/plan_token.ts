import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { canonicalHash, canonicalJson } from '../domain/canonical_json.ts';
import { jsonText } from '../domain/json_text.ts';
import { ToolError } from '../domain/tool_error.ts';

/** What a signed plan is bound to: who asked, and for which tool. */
export type PlanBinding = { readonly caller: string; readonly tool: string };

/** A plan that awaits its confirmation. */
export type SignedPlan = {
  readonly token: string;
  /** Names the plan by what it is: equal plans have equal ids. */
  readonly planId: string;
  readonly expiresAt: Date;
};

/** Why a token is not accepted. */
export type PlanRefusal = 'forged' | 'expired' | 'other caller' | 'other tool' | 'changed plan';

export type VerifiedPlan =
  | { readonly ok: true; readonly plan: unknown; readonly planId: string }
  | { readonly ok: false; readonly refusal: PlanRefusal };

/** How long a plan may wait for its confirmation. */
export const PLAN_MINUTES = 15;
/** Far above any plan; what is longer is refused unread. */
const LONGEST_TOKEN = 64 * 1024;
const FEWEST_KEY_BYTES = 32;

const Content = jsonText(z.strictObject({ caller: z.string(), tool: z.string(), expires: z.int(), plan: z.unknown() }));

/**
 * Signs a plan: 'v1.<canonical JSON, base64url>.<HMAC-SHA-256, base64url>'. The plan can be read by who holds the token; it cannot be altered.
 * The key has at least 32 bytes. The same plan, binding and minute give the same token, and a token can be used until it expires: what
 * carries a plan out is idempotent by its planId.
 */
export function signPlan(plan: unknown, { caller, tool }: PlanBinding, key: Uint8Array, now: Date): SignedPlan {
  const expiresAt = new Date(now.getTime() + PLAN_MINUTES * 60_000);
  const content = canonicalJson({ caller, tool, expires: expiresAt.getTime(), plan });
  const signed = `v1.${Buffer.from(content, 'utf8').toString('base64url')}`;
  return { token: `${signed}.${signatureOf(signed, key).toString('base64url')}`, planId: canonicalHash(plan), expiresAt };
}

/**
 * Reads a token: the plan in it, or why it is refused. Where the call that confirms repeats its arguments, `expected` is the plan made of
 * them. The signature is compared first and in constant time, so a forged token tells nothing of the others.
 */
export function verifyPlan(
  token: string,
  { caller, tool, expected }: PlanBinding & { readonly expected?: unknown },
  key: Uint8Array,
  now: Date,
): VerifiedPlan {
  const refused = (refusal: PlanRefusal): VerifiedPlan => ({ ok: false, refusal });
  const [, signed, content, signature] = token.length > LONGEST_TOKEN ? [] : (/^(v1\.([\w-]+))\.([\w-]{43})$/.exec(token) ?? []);
  if (signed === undefined || content === undefined || signature === undefined) return refused('forged');
  // Written back and compared as text: the last letter of a base64url text has bits that are not read.
  const right = Buffer.from(signatureOf(signed, key).toString('base64url'), 'latin1');
  if (!timingSafeEqual(right, Buffer.from(signature, 'latin1'))) return refused('forged');
  const read = Content.safeParse(Buffer.from(content, 'base64url').toString('utf8'));
  if (!read.success) return refused('forged');
  const { data } = read;
  if (data.caller !== caller) return refused('other caller');
  if (data.tool !== tool) return refused('other tool');
  if (now.getTime() >= data.expires) return refused('expired');
  if (expected !== undefined && canonicalHash(expected) !== canonicalHash(data.plan)) return refused('changed plan');
  return { ok: true, plan: data.plan, planId: canonicalHash(data.plan) };
}

/** Signs and reads plans with the key of the settings. Both throw ToolError 'unavailable' where no key is set. */
export type PlanSigner = {
  readonly sign: (plan: unknown, binding: PlanBinding, now: Date) => SignedPlan;
  /** The plan in the token. Throws the ToolError of {@link refusedPlan}. */
  readonly confirmed: (
    token: string,
    asked: PlanBinding & { readonly expected?: unknown },
    now: Date,
  ) => { readonly plan: unknown; readonly planId: string };
};

export function planSigner(key: Uint8Array | undefined): PlanSigner {
  const keyOrThrow = (): Uint8Array => {
    if (key !== undefined) return key;
    throw new ToolError('unavailable', 'What needs a confirmation cannot be done: this server has no key to sign plans with.', {
      remedy: 'An administrator sets PROMPTSALES_PLAN_KEY to 32 random bytes or more, in base64.',
    });
  };
  return {
    sign: (plan, binding, now) => signPlan(plan, binding, keyOrThrow(), now),
    confirmed(token, asked, now) {
      const read = verifyPlan(token, asked, keyOrThrow(), now);
      if (!read.ok) throw refusedPlan(read.refusal, asked.tool);
      return read;
    },
  };
}

const REFUSALS: Readonly<Record<PlanRefusal, string>> = {
  forged: 'The confirmation token is none that this server gave.',
  expired: `The plan is older than ${PLAN_MINUTES} minutes.`,
  'other caller': 'The confirmation token was given to somebody else.',
  'other tool': 'The confirmation token belongs to another tool.',
  'changed plan': 'What is asked now is not what the plan said.',
};

/** The refusal as the caller is told it. */
export function refusedPlan(refusal: PlanRefusal, tool: string): ToolError {
  return new ToolError(refusal === 'other caller' ? 'forbidden' : 'invalid_input', REFUSALS[refusal], {
    remedy: `Call ${tool} again without a token, show its new plan to the user, and confirm with the token of that plan.`,
  });
}

function signatureOf(signed: string, key: Uint8Array): Buffer {
  if (key.byteLength < FEWEST_KEY_BYTES) throw new RangeError(`a key for plans has at least ${FEWEST_KEY_BYTES} bytes`);
  return createHmac('sha256', key).update(signed, 'utf8').digest();
}
