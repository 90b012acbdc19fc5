-- PromptAds: keys, the indexes that its own queries use, change tracking.
ALTER TABLE ads.channels          ADD PRIMARY KEY (channel_id);
ALTER TABLE ads.campaigns         ADD PRIMARY KEY (campaign_id);
ALTER TABLE ads.campaign_channels ADD PRIMARY KEY (campaign_id, channel_id);
ALTER TABLE ads.campaign_budgets  ADD PRIMARY KEY (campaign_id, channel_id, month);
ALTER TABLE ads.ad_sets           ADD PRIMARY KEY (ad_set_id);
ALTER TABLE ads.ads               ADD PRIMARY KEY (ad_id);
ALTER TABLE ads.daily_metrics     ADD PRIMARY KEY (campaign_id, channel_id, city_id, day);
ALTER TABLE ads.touches           ADD PRIMARY KEY (touch_id);
ALTER TABLE ads.experiments       ADD PRIMARY KEY (experiment_id);
ALTER TABLE ads.experiment_days   ADD PRIMARY KEY (experiment_id, arm, day);
ALTER TABLE ads.change_log        ADD PRIMARY KEY (change_id);

ALTER TABLE ads.campaign_channels ADD FOREIGN KEY (campaign_id) REFERENCES ads.campaigns, ADD FOREIGN KEY (channel_id) REFERENCES ads.channels;
ALTER TABLE ads.campaign_budgets  ADD FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels;
ALTER TABLE ads.ad_sets           ADD FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels;
ALTER TABLE ads.ads               ADD FOREIGN KEY (ad_set_id) REFERENCES ads.ad_sets;
ALTER TABLE ads.daily_metrics     ADD FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels;
ALTER TABLE ads.touches           ADD FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels;
ALTER TABLE ads.experiments       ADD FOREIGN KEY (campaign_id) REFERENCES ads.campaigns;
ALTER TABLE ads.experiment_days   ADD FOREIGN KEY (experiment_id) REFERENCES ads.experiments;

CALL tracking.track('ads.channels', 'channel_id');
CALL tracking.track('ads.campaigns', 'campaign_id');
CALL tracking.track('ads.campaign_channels', 'campaign_id', 'channel_id');
CALL tracking.track('ads.campaign_budgets', 'campaign_id', 'channel_id', 'month');
CALL tracking.track('ads.ad_sets', 'ad_set_id');
CALL tracking.track('ads.ads', 'ad_id');
CALL tracking.track('ads.daily_metrics', 'campaign_id', 'channel_id', 'city_id', 'day');
CALL tracking.track('ads.touches', 'touch_id');
CALL tracking.track('ads.experiments', 'experiment_id');
CALL tracking.track('ads.experiment_days', 'experiment_id', 'arm', 'day');
CALL tracking.track('ads.change_log', 'change_id');
