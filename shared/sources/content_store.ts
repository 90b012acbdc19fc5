import type { Day } from '../domain/calendar_day.ts';
import type { Deadline } from '../domain/deadline.ts';

/** What a plan counts, by the names PromptContent gives it. */
export type Feature = 'generacion_contenido' | 'imagenes_ia';

/** A piece of content as a campaign uses it on a network. */
export type ContentVersion = {
  readonly contentId: string;
  readonly platform: string;
  readonly type: string;
  /** Of a written message: its id, its text, its hashtags and, where the network has one, the line beside the text. */
  readonly messageId?: string | undefined;
  readonly text?: string | undefined;
  readonly headline?: string | undefined;
  readonly hashtags?: readonly string[] | undefined;
  /** All images of a message that has several, content ids; `contentId` is the first of them. */
  readonly images?: readonly string[] | undefined;
};

/** The creative side of a campaign. */
export type CampaignCreative = {
  readonly campaignId: string;
  /** Null where PromptContent does not tell; PromptAds knows whose a campaign is. */
  readonly clientId: string | null;
  readonly name: string;
  readonly description: string;
  /** As its owner describes it: JSON of any shape. */
  readonly targetAudience: unknown;
  readonly message: string;
  readonly versions: readonly ContentVersion[];
  /** Content ids. */
  readonly usedImages: readonly string[];
  readonly status: string;
  /** To be given back when versions are saved: it tells whether somebody else wrote meanwhile. */
  readonly updatedAt: Date;
};

/** A client as plans see it: no e-mail address and no telephone. */
export type SubscribedClient = {
  readonly clientId: string;
  readonly company: string;
  readonly status: string;
  readonly subscriptions: readonly {
    readonly planId: string;
    readonly planName: string;
    readonly status: string;
    readonly renewalDate: Day;
    readonly paymentStatus: string;
    /** The features the plan includes. */
    readonly features: readonly string[];
  }[];
  /** What the client must not be made to say. */
  readonly restrictions: { readonly words: readonly string[]; readonly claims: readonly string[] };
};

export type StoredImage = {
  readonly contentId: string;
  readonly url: string;
  readonly thumbnailUrl: string;
  readonly description: string;
  readonly hashtags: readonly string[];
  readonly category: string;
  readonly vectorId: string | null;
  readonly format: string;
  readonly approved: boolean;
  readonly campaignIds: readonly string[];
  readonly updatedAt: Date;
};

/**
 * The images written since a position, or all of them ('snapshot': whatever else the reader has is gone). `position` is where to go on
 * next time: opaque, no clock, so that no late commit is missed; an image may come although it did not change.
 */
export type ImageChanges = {
  readonly mode: 'snapshot' | 'delta';
  readonly images: readonly StoredImage[];
  readonly deletedIds: readonly string[];
  readonly position: string;
};

/** Messages of one population, as they were written. */
export type PopulationMessages = {
  readonly population: unknown;
  readonly messages: readonly {
    readonly text: string;
    readonly tone: string;
    readonly hashtags: readonly string[];
    /** Content ids. */
    readonly images: readonly string[];
    /** Why it fits the population. */
    readonly reason: string;
    /** The line beside the text, on channels that have one. */
    readonly headline?: string | undefined;
  }[];
};

/** A generation as its log keeps it: what a repeated call with the same idempotency key is answered with. */
export type KeptGeneration = Pick<
  GenerationLog,
  | 'logId'
  | 'campaignId'
  | 'populations'
  | 'model'
  | 'promptVersion'
  | 'promptHash'
  | 'language'
  | 'channel'
  | 'tokens'
  | 'costUsd'
  | 'costKnown'
> & {
  /** What was asked, hashed; undefined in logs that were not asked for under a key. */
  readonly requestHash: string | undefined;
  readonly writtenAt: Date;
};

/** Messages written earlier for a campaign. */
export type PastMessages = {
  readonly logId: string;
  readonly campaignId: string;
  readonly populations: readonly PopulationMessages[];
  readonly writtenAt: Date;
};

/** Uses of a plan that are counted already, while it is not known yet how many are needed. */
export type Reservation = {
  readonly reservationId: string;
  readonly clientId: string;
  readonly planId: string;
  readonly feature: Feature;
};

/** Why a plan does not include a feature. */
export type NotIncludedReason = 'no_such_client' | 'client_not_active' | 'no_active_subscription' | 'not_in_plan';

export type ReserveOutcome =
  | {
      readonly outcome: 'reserved';
      readonly reservation: Reservation;
      /** With these. */
      readonly used: number;
      /** Null: no limit. */
      readonly limit: number | null;
      readonly resetDate: Day;
    }
  | { readonly outcome: 'exhausted'; readonly planName: string; readonly used: number; readonly limit: number; readonly resetDate: Day }
  | { readonly outcome: 'not_included'; readonly reason: NotIncludedReason };

/** How far a feature of a subscription is used up. */
export type QuotaState = {
  readonly feature: string;
  readonly planId: string;
  readonly planName: string;
  readonly used: number;
  /** Null: no limit. */
  readonly limit: number | null;
  /** On this day counting begins anew. */
  readonly resetDate: Day;
};

/** Who caused a record, and when: `at` the instant, `day` the same in the business time zone. */
type RecordedCall = { readonly tool: string; readonly caller: string; readonly at: Date; readonly day: Day };

/** What was written for a campaign. The prompt is told by its version and its hash, never by its text. */
export type GenerationLog = RecordedCall & {
  readonly logId: string;
  readonly campaignId: string;
  readonly clientId: string;
  readonly campaignDescription: string;
  readonly targetAudience: unknown;
  readonly populations: readonly PopulationMessages[];
  readonly model: string;
  readonly promptVersion: string;
  readonly promptHash: string;
  readonly language: string;
  readonly channel?: string | undefined;
  /** What was asked, hashed, where it was asked for under an idempotency key: the key with another question is noticed. */
  readonly requestHash?: string | undefined;
  readonly tokens: number;
  /** Decimal text, at most 12 decimals. */
  readonly costUsd: string;
  /** False when `costUsd` leaves out what has no known price: it is at least so much. */
  readonly costKnown: boolean;
  readonly durationMs: number;
};

/** One request to an outside service. Only what is listed here is kept of the request and its response: no header, no body, no prompt. */
export type OutsideRequest = RecordedCall & {
  readonly requestId: string;
  /** 'openai'. */
  readonly service: string;
  readonly request: {
    /** 'chat.completions'. */
    readonly operation: string;
    readonly model?: string | undefined;
    readonly promptVersion?: string | undefined;
    readonly promptHash?: string | undefined;
    /** How many texts were sent. */
    readonly items?: number | undefined;
  };
  readonly response: {
    readonly status?: number | undefined;
    readonly finishReason?: string | undefined;
    /** The service's own id of the answer. */
    readonly responseId?: string | undefined;
  };
  /** 'ok', 'from_cache' when nothing had to be sent, or the class of what went wrong. */
  readonly result: string;
  /** What the request would have taken, of those that nothing had to be sent for ('from_cache'): these take no tokens and cost '0'. */
  readonly saved?: { readonly tokens: number; readonly costUsd: string } | undefined;
  /** False when `costUsd`, or `saved.costUsd` where that is told, leaves out what has no known price: it is at least so much. */
  readonly costKnown: boolean;
  readonly clientId?: string | undefined;
  readonly campaignId?: string | undefined;
  readonly tokens: number;
  /** Decimal text, at most 12 decimals. */
  readonly costUsd: string;
  readonly durationMs: number;
};

export type SaveVersionsOutcome =
  | {
      readonly outcome: 'saved';
      /** How many versions and images were not there yet; 0 when the same had been saved before. */
      readonly addedVersions: number;
      readonly addedImages: number;
      readonly updatedAt: Date;
    }
  | { readonly outcome: 'conflict'; readonly updatedAt: Date }
  | { readonly outcome: 'no_such_campaign' };

/**
 * PromptContent as content_generator uses it. Every write changes one document in one step and may be repeated: ids come from the caller,
 * so that a second try after a lost connection does nothing twice. No transaction over several documents is asked for, which a document
 * database can do as well: reservations by findOneAndUpdate with a pipeline, records by insertOne with `_id`, versions by $addToSet
 * under a filter on updatedAt.
 *
 * Errors: ToolError 'timeout' and 'unavailable'; 'internal' when a document asked for by its id breaks its schema. In lists such documents
 * are left out, and the store's owner is told.
 */
export interface ContentStore {
  campaign(campaignId: string, deadline: Deadline): Promise<CampaignCreative | undefined>;
  client(clientId: string, deadline: Deadline): Promise<SubscribedClient | undefined>;
  /** Those of the ids that exist, in their order. */
  images(contentIds: readonly string[], deadline: Deadline): Promise<readonly StoredImage[]>;
  /** `since`: a position of an earlier answer, or null for all images. */
  imageChanges(since: string | null, deadline: Deadline): Promise<ImageChanges>;
  /** What was last written for any of the campaigns, the newest first. */
  lastMessages(campaignIds: readonly string[], limit: number, deadline: Deadline): Promise<readonly PastMessages[]>;

  /** What each feature of the client's active subscriptions has left on a day; none for a client that is not active. */
  quotas(clientId: string, today: Day, deadline: Deadline): Promise<readonly QuotaState[]>;
  /**
   * Counts `amount` uses (1 or more), all or none, on the first active subscription that includes the feature and has so many left. From
   * the reset date on counting begins at 0 and the date moves on by whole months, in the same step. The same `reservationId` again,
   * while it is open, is the same reservation.
   */
  reserve(
    asked: {
      readonly reservationId: string;
      readonly clientId: string;
      readonly feature: Feature;
      readonly amount: number;
      readonly today: Day;
    },
    deadline: Deadline,
  ): Promise<ReserveOutcome>;
  /**
   * Closes a reservation: `kept` uses stay counted (at most what was reserved), the rest is given back. False when it was not open:
   * closed before, or counting has begun anew since, which gave back everything. A reservation that is never closed stays counted.
   */
  settle(reservation: Reservation, kept: number, deadline: Deadline): Promise<boolean>;

  /** The log of that id, undefined when there is none. */
  generation(logId: string, deadline: Deadline): Promise<KeptGeneration | undefined>;
  /** False when a record of that id was there already, which is left as it is. */
  recordGeneration(log: GenerationLog, deadline: Deadline): Promise<boolean>;
  recordRequest(request: OutsideRequest, deadline: Deadline): Promise<boolean>;

  /**
   * Adds what the campaign does not have yet of the versions and images. Nothing is added when the campaign was written by somebody
   * else since `expectedUpdatedAt` ('conflict'); when all is there already, that is not asked. `at` becomes the campaign's
   * updatedAt, or the first millisecond after the one before.
   */
  saveVersions(
    asked: {
      readonly campaignId: string;
      readonly versions: readonly ContentVersion[];
      readonly images: readonly string[];
      readonly expectedUpdatedAt: Date;
      readonly at: Date;
    },
    deadline: Deadline,
  ): Promise<SaveVersionsOutcome>;

  close(): Promise<void>;
}
