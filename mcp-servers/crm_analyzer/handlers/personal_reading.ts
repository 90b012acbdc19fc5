import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Caller } from '../../../shared/mcp/contract.ts';

/** Whether this call shows people in full, and then why. */
export type PersonalReading = { readonly mayIdentify: false } | { readonly mayIdentify: true; readonly reason: string };

/**
 * What the caller is shown of people (S5). Who may see them in full has to say why each time: without a reason the call is invalid_input.
 * Everybody else sees them masked, whatever reason is given.
 */
export function personalReading({ scopes }: Pick<Caller, 'scopes'>, reason: string | undefined): PersonalReading {
  if (!scopes.has('crm:pii')) return { mayIdentify: false };
  if (reason === undefined) {
    throw new ToolError('invalid_input', 'You see personal data unmasked, so a reason is needed.', {
      remedy:
        'Give \'reason\', for example "call back about order 1042". It is written to the audit with your name and the customers shown.',
    });
  }
  return { mayIdentify: true, reason };
}
