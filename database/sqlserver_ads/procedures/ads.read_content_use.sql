-- The publications that show an image of PromptContent, newest first: what would change if it were withdrawn.
CREATE PROCEDURE ads.read_content_use @content_id varchar(60)
AS
BEGIN
  SET NOCOUNT ON;
  SELECT a.ad_id, a.campaign_id, c.name AS campaign, a.channel_id, a.headline, a.status, a.published_at
    FROM ads.ads AS a
    JOIN ads.campaigns AS c ON c.campaign_id = a.campaign_id
   WHERE a.content_id = @content_id
   ORDER BY a.published_at DESC, a.ad_id;
END;
