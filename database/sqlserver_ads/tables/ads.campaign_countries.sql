-- The countries a campaign runs in; the array of the twin as rows, because rules are matched by country. For the ETL they are a part of the campaign: their
-- change counts as its change (trigger ads.mark_campaign_of_country).
CREATE TABLE ads.campaign_countries (
  campaign_id varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL
                          CONSTRAINT fk_campaign_countries_campaigns REFERENCES ads.campaigns (campaign_id) ON DELETE CASCADE,
  country     char(2)     COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_campaign_countries_country CHECK (country LIKE '[A-Z][A-Z]'),   -- ISO 3166 alpha-2
  position    tinyint     NOT NULL,                                                                        -- 1 is the first
  CONSTRAINT pk_campaign_countries PRIMARY KEY (campaign_id, country)
);
GO
-- Serves: campaigns of a country (the rules of its country in ads.budget_plan_findings, reports.audience_overlap).
CREATE INDEX ix_campaign_countries_country ON ads.campaign_countries (country, campaign_id);
