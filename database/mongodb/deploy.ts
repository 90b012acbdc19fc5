import type { Db, Document } from 'mongodb';
import { codeOf } from '../../shared/db/mongo_database.ts';
import { canonicalHash, canonicalJson } from '../../shared/domain/canonical_json.ts';
import { COLLECTION_NAMES, CONTENT_COLLECTIONS, type CollectionName } from '../../shared/sources/content_collections.ts';
import { type DeployScript, deployScripts } from './deploy_scripts.ts';
import { roleCommands } from './roles.ts';
import { validatorOf } from './validator.ts';

/** Which scripts a database has had; a script that was applied is never changed. */
const APPLIED = 'promptsales_scripts';
/** More documents than these that break the rules are not counted. */
const MOST_COUNTED = 1_000;
const COUNT_MS = 60_000;

/** What the server says when there is nothing to do, or no right to do it. */
const NAMESPACE_EXISTS = 48;
const DUPLICATE_KEY = 11_000;
const ROLE_EXISTS = 51_002;
/** Unauthorized, and how hosted servers say that roles are made elsewhere. */
const NOT_ALLOWED = new Set([13, 59, 8_000]);

export type Deployment = {
  /** Scripts applied now, in order. */
  readonly applied: readonly string[];
  /** Collections whose validator is another one now. */
  readonly validators: readonly CollectionName[];
  readonly roles: 'brought up to date' | 'not allowed';
  /** How many documents break their collection's rules, where there are any: each must be right when it is next written. 1,000 may be more. */
  readonly breaking: Readonly<Partial<Record<CollectionName, number>>>;
};

/** A script that was applied before in another form: applied ones are never changed, a new one comes after them. */
export class ChangedScript extends Error {
  override readonly name = 'ChangedScript';
}

/**
 * Brings PromptContent on MongoDB to what the project says: the numbered scripts it has not had yet, then each collection's validator, then the
 * roles. Every step can be done twice, so a deployment that was cut short is finished by the next, and a second one changes nothing. Nothing is
 * dropped. The connection is the database's owner's. Errors: {@link ChangedScript}, and the server's as they come.
 */
export async function deployContent(db: Db, onStep: (label: string) => void = () => {}): Promise<Deployment> {
  const applied: string[] = [];
  for (const { name, commands } of await pendingScripts(db)) {
    onStep(name);
    for (const command of commands) await unless(NAMESPACE_EXISTS, db.command(command));
    await unless(DUPLICATE_KEY, db.collection<Applied>(APPLIED).insertOne({ _id: name, hash: canonicalHash(commands), at: new Date() }));
    applied.push(name);
  }
  onStep('validators');
  const validators = await differingValidators(db);
  for (const name of validators) await db.command({ collMod: name, ...validationOf(name) });
  onStep('roles');
  const roles = await bringRoles(db);
  onStep('documents');
  return { applied, validators, roles, breaking: await breakingDocuments(db) };
}

/** What {@link deployContent} would do to the collections: scripts to apply, validators to bring. Errors: the same. */
export async function undeployed(db: Db): Promise<Pick<Deployment, 'applied' | 'validators'>> {
  return { applied: (await pendingScripts(db)).map(({ name }) => name), validators: await differingValidators(db) };
}

type Applied = { readonly _id: string; readonly hash: string; readonly at: Date };

async function pendingScripts(db: Db): Promise<readonly DeployScript[]> {
  const scripts = await deployScripts();
  const found = await db
    .collection<Applied>(APPLIED)
    .find({}, { projection: { hash: 1 }, limit: 10_000 })
    .toArray();
  const before = new Map(found.map(({ _id, hash }) => [_id, hash]));
  const changed = scripts.find(({ name, commands }) => before.has(name) && before.get(name) !== canonicalHash(commands));
  if (changed !== undefined) throw new ChangedScript(`${changed.name} was applied in another form: a change is a script of its own.`);
  return scripts.filter(({ name }) => !before.has(name));
}

function validationOf(name: CollectionName): Document {
  return { validator: validatorOf(CONTENT_COLLECTIONS[name]), validationLevel: 'strict', validationAction: 'error' };
}

/** Collections that take other documents than their schema says. */
async function differingValidators(db: Db): Promise<readonly CollectionName[]> {
  const found = await db.listCollections({ name: { $in: [...COLLECTION_NAMES] } }, { nameOnly: false }).toArray();
  const held = new Map(found.map((collection) => [collection.name, 'options' in collection ? (collection.options ?? {}) : {}]));
  return COLLECTION_NAMES.filter((name) => {
    const { validator, validationLevel, validationAction } = held.get(name) ?? {};
    return canonicalJson({ validator, validationLevel, validationAction }) !== canonicalJson(validationOf(name));
  });
}

async function bringRoles(db: Db): Promise<Deployment['roles']> {
  try {
    for (const { create, update } of roleCommands(db.databaseName)) {
      const made = await unless(ROLE_EXISTS, db.command(create));
      if (made === undefined) await db.command(update);
    }
    return 'brought up to date';
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined && NOT_ALLOWED.has(code)) return 'not allowed';
    throw error;
  }
}

async function breakingDocuments(db: Db): Promise<Deployment['breaking']> {
  const counts: Partial<Record<CollectionName, number>> = {};
  for (const name of COLLECTION_NAMES) {
    const breaking = { $nor: [validatorOf(CONTENT_COLLECTIONS[name])] };
    const count = await db.collection(name).countDocuments(breaking, { limit: MOST_COUNTED, maxTimeMS: COUNT_MS });
    if (count > 0) counts[name] = count;
  }
  return counts;
}

/** What the command gives, undefined when the server answers with that error. */
async function unless<T>(code: number, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    throw error;
  }
}
