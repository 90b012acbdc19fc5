-- ALTER ANY DATASPACE is what splitting a partition function asks for, with ALTER on the table that lies on it.
GRANT EXECUTE ON etl.prepare TO promptsales_agent;
GO
GRANT EXECUTE ON ads.extend_metric_months TO promptsales_agent;
GO
GRANT ALTER ANY DATASPACE TO promptsales_agent;
GO
GRANT ALTER ON ads.daily_metrics TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.channels TO promptsales_agent;
GO
GRANT SELECT ON ads.channels (channel_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.campaigns TO promptsales_agent;
GO
GRANT SELECT ON ads.campaigns (campaign_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.campaign_channels TO promptsales_agent;
GO
GRANT SELECT ON ads.campaign_channels (campaign_id, channel_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.campaign_budgets TO promptsales_agent;
GO
GRANT SELECT ON ads.campaign_budgets (campaign_id, channel_id, month) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.ad_sets TO promptsales_agent;
GO
GRANT SELECT ON ads.ad_sets (ad_set_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.ads TO promptsales_agent;
GO
GRANT SELECT ON ads.ads (ad_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.daily_metrics TO promptsales_agent;
GO
GRANT SELECT ON ads.daily_metrics (campaign_id, channel_id, city_id, day) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.touches TO promptsales_agent;
GO
GRANT SELECT ON ads.touches (touch_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.experiments TO promptsales_agent;
GO
GRANT SELECT ON ads.experiments (experiment_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.experiment_days TO promptsales_agent;
GO
GRANT SELECT ON ads.experiment_days (experiment_id, arm, day) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON ads.change_log TO promptsales_agent;
GO
GRANT SELECT ON ads.change_log (change_id) TO promptsales_agent;
