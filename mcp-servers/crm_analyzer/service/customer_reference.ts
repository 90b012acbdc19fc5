import { type ContactKind, normalisedContact } from '../../../shared/domain/contact.ts';

/** What a text that names a customer can be, in the order in which it is tried. */
export type CustomerReference = { readonly kind: 'id'; readonly id: number } | { readonly kind: ContactKind; readonly normalised: string };

/** A customer's id is a number without signs; documents and phones can be as well, so they come after it. */
export function customerReferences(text: string): readonly CustomerReference[] {
  const contact = (kind: ContactKind): readonly CustomerReference[] => {
    const normalised = normalisedContact(kind, text);
    return normalised === undefined ? [] : [{ kind, normalised }];
  };
  if (text.includes('@')) return contact('email');
  if (/^\s*(\+|00)/.test(text)) return [...contact('phone'), ...contact('document')];
  const id = /^\d{1,15}$/.test(text.trim()) ? [{ kind: 'id', id: Number(text) } as const] : [];
  return [...id, ...contact('document'), ...contact('phone')];
}
