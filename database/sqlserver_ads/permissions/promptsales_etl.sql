-- The views and the procedures over change tracking. CHANGETABLE asks the caller for the key columns and VIEW CHANGE TRACKING of the table itself.
GRANT SELECT ON SCHEMA::etl TO promptsales_etl;
GO
GRANT EXECUTE ON SCHEMA::etl TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.ad_sets TO promptsales_etl;
GO
GRANT SELECT ON ads.ad_sets (ad_set_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.ads TO promptsales_etl;
GO
GRANT SELECT ON ads.ads (ad_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.campaign_budgets TO promptsales_etl;
GO
GRANT SELECT ON ads.campaign_budgets (campaign_id, channel_id, month) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.campaign_channels TO promptsales_etl;
GO
GRANT SELECT ON ads.campaign_channels (campaign_id, channel_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.campaigns TO promptsales_etl;
GO
GRANT SELECT ON ads.campaigns (campaign_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.change_log TO promptsales_etl;
GO
GRANT SELECT ON ads.change_log (change_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.channels TO promptsales_etl;
GO
GRANT SELECT ON ads.channels (channel_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.daily_metrics TO promptsales_etl;
GO
GRANT SELECT ON ads.daily_metrics (campaign_id, channel_id, city_id, day) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.experiment_days TO promptsales_etl;
GO
GRANT SELECT ON ads.experiment_days (experiment_id, arm, day) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.experiments TO promptsales_etl;
GO
GRANT SELECT ON ads.experiments (experiment_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON ads.touches TO promptsales_etl;
GO
GRANT SELECT ON ads.touches (touch_id) TO promptsales_etl;
