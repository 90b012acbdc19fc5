-- The hub's ads.campaigns. countries: a JSON array in the order that was given; [] when there is none.
CREATE VIEW etl.campaigns
AS
SELECT t.campaign_id, t.client_id, t.name, t.objective, t.status, t.start_date, t.end_date, t.budget, t.currency,
       ISNULL((SELECT N'[' + STRING_AGG(N'"' + CONVERT(nvarchar(2), k.country) + N'"', N',') WITHIN GROUP (ORDER BY k.position) + N']'
                 FROM ads.campaign_countries AS k WHERE k.campaign_id = t.campaign_id), N'[]') AS countries,
       t.audience, t.created_at, t.updated_at
  FROM ads.campaigns AS t;
