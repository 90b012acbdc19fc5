import type { Settings } from '../config/settings.ts';
import type { Credentials } from './credentials.ts';

/** The addresses at which servers write to sources, by their names in the settings. */
export type WriterName = Extract<keyof Settings['urls'], `${string}Writer`>;

/**
 * How a server gets to write into a source: through a login of its own, whose group the file `rights` (below database/postgresql) gives no more
 * than that server needs (S4). On an embedded stack the login, its group and its password are made at the start.
 */
export type SourceWriter = {
  readonly name: WriterName;
  /** The source as it is read, by its name in the settings and as people call it. */
  readonly source: 'ads' | 'content' | 'crm';
  readonly subject: string;
  /** The server that writes. */
  readonly server: string;
  readonly login: string;
  readonly group: string;
  /** Whose password it is in the home's credentials. */
  readonly credential: keyof Credentials;
  readonly rights: string;
};

export const SOURCE_WRITERS: readonly SourceWriter[] = [
  {
    name: 'contentWriter',
    source: 'content',
    subject: 'PromptContent',
    server: 'content_generator',
    login: 'promptsales_writer',
    group: 'promptsales_content',
    credential: 'writer',
    rights: 'content/content_generator.sql',
  },
  {
    name: 'adsWriter',
    source: 'ads',
    subject: 'PromptAds',
    server: 'ads_optimizer',
    login: 'promptsales_ads_writer',
    group: 'promptsales_ads',
    credential: 'adsWriter',
    rights: 'ads/ads_optimizer.sql',
  },
  {
    name: 'crmWriter',
    source: 'crm',
    subject: 'PromptCRM',
    server: 'crm_analyzer',
    login: 'promptsales_crm_writer',
    group: 'promptsales_crm',
    credential: 'crmWriter',
    rights: 'crm/crm_analyzer.sql',
  },
];
