GRANT EXECUTE ON ads.save_channels TO promptsales_ads_entry;
GO
GRANT EXECUTE ON TYPE::ads.channel_row TO promptsales_ads_entry;
GO
GRANT EXECUTE ON ads.complete_ended_ad_sets TO promptsales_ads_entry;
