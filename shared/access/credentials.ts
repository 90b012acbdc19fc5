import type { z } from 'zod';
import { ToolError } from '../domain/tool_error.ts';
import type { CredentialDocument } from '../sources/content_documents.ts';
import type { Certificate } from './certificates.ts';
import { keyIdOf, newDataKey, openField, sealField, unwrapDataKey, wrapDataKey } from './envelope.ts';
import { Secret } from './secret.ts';

/** A credential as `credenciales_cifradas` keeps it: nothing in it opens without the certificate's private key. */
export type SealedCredential = z.input<typeof CredentialDocument>;
export type CredentialType = SealedCredential['tipo_credencial'];

/** A credential's id: there is one of each type for a service. */
export function credentialId(service: string, type: CredentialType): string {
  return `${service}:${type}`;
}

/**
 * Encrypts a value with a new data key (AES-256-GCM) and wraps that key under a certificate (RSA-OAEP with SHA-256). The encrypted value is bound
 * to its document: moved into another one it does not open.
 */
export function sealCredential(
  { service, type, value, at, createdAt = at }: NewCredential,
  { publicKey, fingerprint }: Pick<Certificate, 'publicKey' | 'fingerprint'>,
): SealedCredential {
  const id = credentialId(service, type);
  const key = newDataKey();
  return {
    id_credencial: id,
    servicio_referencia: service,
    tipo_credencial: type,
    valor_cifrado: sealField(value.reveal(), placeOf(id), key),
    clave_envuelta: wrapDataKey(key, publicKey),
    algoritmo: 'X.509 RSA-OAEP-256, AES-256-GCM',
    huella_certificado: fingerprint,
    ultima_rotacion: at.toISOString(),
    createdAt: createdAt.toISOString(),
    updatedAt: at.toISOString(),
  };
}

export type NewCredential = {
  readonly service: string;
  readonly type: CredentialType;
  readonly value: Secret;
  readonly at: Date;
  /** Left out: it is a new one. */
  readonly createdAt?: Date | undefined;
};

/** Decrypts a credential. Throws ToolError 'unavailable' when its certificate is not among those at hand, or when it was altered or moved. */
export function openCredential(sealed: SealedCredential, certificates: readonly Certificate[]): Secret {
  const { id_credencial: id, huella_certificado: fingerprint, valor_cifrado: value } = sealed;
  const certificate = certificates.find((held) => held.fingerprint === fingerprint);
  if (certificate === undefined) {
    throw new ToolError('unavailable', `The credential ${id} cannot be decrypted: its certificate is missing here.`, {
      remedy: `An administrator puts certificate ${fingerprint.slice(0, 16)} and its private key back into the folder 'keys' of the installation.`,
    });
  }
  try {
    const key = unwrapDataKey(keyIdOf(value) ?? '', sealed.clave_envuelta, certificate.privateKey);
    return new Secret(openField(value, placeOf(credentialId(sealed.servicio_referencia, sealed.tipo_credencial)), key));
  } catch (error) {
    throw new ToolError('unavailable', `The credential ${id} cannot be decrypted: it was altered, or moved from its document.`, {
      remedy: 'An administrator sets it again with `promptsales credentials set`.',
      cause: error,
    });
  }
}

/** The same value under another data key and, where another is given, under another certificate. Throws as {@link openCredential} does. */
export function rotatedCredential(
  sealed: SealedCredential,
  certificates: readonly Certificate[],
  target: Pick<Certificate, 'publicKey' | 'fingerprint'>,
  at: Date,
): SealedCredential {
  const value = openCredential(sealed, certificates);
  const { servicio_referencia: service, tipo_credencial: type, createdAt } = sealed;
  return sealCredential({ service, type, value, at, createdAt: new Date(createdAt) }, target);
}

function placeOf(id: string) {
  return { table: 'credenciales_cifradas', column: 'valor_cifrado', row: id };
}
