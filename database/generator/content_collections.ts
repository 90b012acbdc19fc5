import { CONTENT_COLLECTIONS, type CollectionName } from '../../shared/sources/content_collections.ts';
import { type History, historyBefore, isoInstant } from './calendar.ts';
import { type Campaign, generateCampaigns } from './campaigns.ts';
import { type Client, clientDocuments, generateClients } from './clients.ts';
import { campaignDocuments, mcpServerDocuments, outsideServiceDocuments } from './content.ts';
import { type CampaignImages, generateImages, type Image, imageDocuments, imagesOfCampaigns } from './images.ts';
import { SCALES, type Scale } from './scales.ts';

/** A document by the id that it is stored under. */
export type GeneratedDocument = { readonly id: string; readonly document: Readonly<Record<string, unknown>> };

export type GeneratedCollection = { readonly collection: CollectionName; readonly documents: () => readonly GeneratedDocument[] };

/** What the documents tell of. */
export type ContentPlan = {
  readonly clients: readonly Client[];
  readonly campaigns: readonly Campaign[];
  readonly images: readonly Image[];
  readonly campaignImages: CampaignImages;
};

/** The collections of PromptContent that have documents before anything was generated; of credentials nothing is made up. */
export function contentCollections(
  seed: number,
  history: History,
  { clients, campaigns, images, campaignImages }: ContentPlan,
): readonly GeneratedCollection[] {
  const settledAt = isoInstant(history, 0, 0);
  return [
    collection('imagenes', () => imageDocuments(seed, history, images, campaigns, campaignImages)),
    collection('campanas', () => campaignDocuments(seed, history, campaigns, clients, images, campaignImages)),
    collection('clientes', () => clientDocuments(seed, history, clients)),
    collection('servicios_terceros', () => outsideServiceDocuments(settledAt)),
    collection('mcp_servers', () => mcpServerDocuments(settledAt)),
  ];
}

/** The same from nothing: what PromptContent holds beside the ads and customers of the same seed, date and scale. */
export function generatedContent(seed: number, referenceDate: string, scale: Scale): readonly GeneratedCollection[] {
  const history = historyBefore(referenceDate);
  const clients = generateClients(seed, SCALES[scale].clients);
  const campaigns = generateCampaigns(seed, history, clients, SCALES[scale].campaigns);
  const images = generateImages(seed, history);
  return contentCollections(seed, history, { clients, campaigns, images, campaignImages: imagesOfCampaigns(seed, images, campaigns) });
}

function collection(name: CollectionName, make: () => readonly object[]): GeneratedCollection {
  const { idField } = CONTENT_COLLECTIONS[name];
  return {
    collection: name,
    documents: () =>
      make().map((made) => {
        const document = made as Readonly<Record<string, unknown>>;
        return { id: String(document[idField]), document };
      }),
  };
}
