=begin
posthog.capture(event: "in_a_comment")
=end
posthog.capture({ distinct_id: user.id, event: "order_paid" }) # posthog.capture(event: "in_a_comment")
posthog.capture(distinct_id: "#{user.id}", :event => :order_paid)
Analytics.track user_id: user.id,
  event: 'order_paid'
