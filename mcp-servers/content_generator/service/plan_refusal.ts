import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Feature, NotIncludedReason, QuotaState, ReserveOutcome } from '../../../shared/sources/content_store.ts';

const CALLED: Readonly<Record<Feature, string>> = {
  generacion_contenido: 'written messages (generacion_contenido)',
  imagenes_ia: 'images chosen by AI (imagenes_ia)',
};

const WHY: Readonly<Record<NotIncludedReason, string>> = {
  no_such_client: 'PromptContent does not know the client of this campaign',
  client_not_active: 'the client of this campaign is not active',
  no_active_subscription: 'the client of this campaign has no active subscription',
  not_in_plan: "the client's plan does not include it",
};

/** The refusal of a feature that the plan does not include (T7). */
export function notIncluded(feature: Feature, reason: NotIncludedReason): ToolError {
  return new ToolError('forbidden', `No ${CALLED[feature]}: ${WHY[reason]}.`, {
    remedy: 'Whoever manages the subscription can change it; get_generation_usage shows what the plan includes.',
  });
}

/** The refusal of a feature that is used up, with the day on which counting begins anew (T7). */
export function usedUp(
  feature: Feature,
  amount: number,
  { planName, used, limit, resetDate }: Extract<ReserveOutcome, { outcome: 'exhausted' }>,
): ToolError {
  const left = Math.max(0, limit - used);
  return new ToolError(
    'quota_exceeded',
    `The plan ${planName} has ${left} of ${limit} ${CALLED[feature]} left, and this needs ${amount}. Counting begins anew on ${resetDate}.`,
    {
      remedy:
        feature === 'imagenes_ia' ? 'Ask with images: false, or wait for that day.' : left > 0 ? `Ask for ${left} or fewer.` : undefined,
    },
  );
}

/** Why images cannot be chosen for so many populations; undefined when the plan lets them. */
export function withoutImagesBecause(quotas: readonly QuotaState[], amount: number): string | undefined {
  const own = quotas.filter(({ feature }) => feature === 'imagenes_ia');
  if (own.length === 0) return "The client's plan includes no images chosen by AI (imagenes_ia): the messages come without.";
  if (own.some(({ used, limit }) => limit === null || limit - used >= amount)) return undefined;
  const [{ used, limit, resetDate } = { used: 0, limit: 0, resetDate: '' }] = own;
  return `The client's images chosen by AI (imagenes_ia) are used up, ${used} of ${limit} until ${resetDate}: the messages come without.`;
}
