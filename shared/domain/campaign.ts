/** A campaign as it was found from what the caller wrote. */
export type AnsweredCampaign = {
  readonly campaignId: string;
  readonly name: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly status: string;
  /** 'YYYY-MM-DD'. */
  readonly startDate: string;
  /** 'YYYY-MM-DD', inclusive. */
  readonly endDate: string;
  /** Which rule found it (see MatchedBy in entity_resolution.ts): 'id', 'name', …, 'similar name'. */
  readonly matchedBy: string;
};

/** A campaign as the hub holds it, before anyone has asked for it. */
export type Campaign = Omit<AnsweredCampaign, 'matchedBy'>;
